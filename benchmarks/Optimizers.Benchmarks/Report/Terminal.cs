using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>Where the commands print: with colours and a bar on a terminal, as plain text elsewhere.</summary>
internal static class Terminal
{
    private const int WidthOfText = 10_000;

    public static IAnsiConsole Open() => Console.IsOutputRedirected ? Into(Console.Out) : AnsiConsole.Console;

    /// <summary>Plain text, in which rows do not wrap.</summary>
    public static IAnsiConsole Into(TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = WidthOfText;
        return console;
    }
}
