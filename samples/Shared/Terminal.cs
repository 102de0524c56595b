using Spectre.Console;

namespace Samples;

/// <summary>Where the samples print: with colours and live on a terminal, as plain text into a file or a pipe.</summary>
internal static class Terminal
{
    public static IAnsiConsole Open() => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        Interactive = Console.IsOutputRedirected ? InteractionSupport.No : InteractionSupport.Detect,
    });
}
