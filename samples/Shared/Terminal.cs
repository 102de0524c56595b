using Spectre.Console;

namespace Samples;

/// <summary>The console of the samples: colours and live updates on a terminal, plain text in a file or a pipe.</summary>
internal static class Terminal
{
    public static IAnsiConsole Open() => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        Interactive = Console.IsOutputRedirected ? InteractionSupport.No : InteractionSupport.Detect,
    });
}
