using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>
/// Where the commands print: with colours and a bar on a terminal; elsewhere as plain text, in which rows do not wrap.
/// </summary>
internal static class Terminal
{
    private const int WidthOfText = 10_000;

    public static IAnsiConsole Open()
    {
        if (!Console.IsOutputRedirected)
        {
            return AnsiConsole.Console;
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = WidthOfText;
        return console;
    }
}
