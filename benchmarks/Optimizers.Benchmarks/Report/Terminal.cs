using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>
/// The console of the commands. A terminal gets colours and a progress bar. Any other output is plain text, in which rows do not wrap.
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
