using System.CommandLine;
using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>The table of docs/engine.md: what the engine costs over loops written for one optimizer and one processor.</summary>
internal static class EngineCommand
{
    public static Command Make()
    {
        var filter = Options.Filter("Only rows whose work or contender contains this, or one of these.");
        var seconds = Options.Seconds("1");
        var command = new Command("engine", "Time the engine against C and hand-written loops: the table of docs/engine.md.")
        {
            filter, seconds,
        };
        command.SetAction(result =>
        {
            IAnsiConsole console = Terminal.Open();
            NativeKernels? native = Options.LoadNative(console);
            double secondsOfContest = result.GetValue(seconds) ?? 1;
            if (Options.Run(
                console, Contests.Engine(native), native, result.GetValue(filter)!, secondsOfContest, Budget.OfContests(secondsOfContest)) is not { } results)
            {
                return 1;
            }

            console.WriteLine(MeasurementGrid.Short(results).ToMarkdown());
            foreach (string line in results.Shortcomings)
            {
                console.WriteLine(line);
            }

            return 0;
        });
        return command;
    }
}
