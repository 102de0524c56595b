using System.CommandLine;
using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>The command <c>engine</c>. It prints the table of docs/engine.md: the cost of the library's engine, compared with loops that are written for one optimizer and one processor.</summary>
internal static class EngineCommand
{
    public static Command Make()
    {
        var filter = Options.Filter("Measure only the rows with one of these texts in the name of the work or of the contender.");
        var seconds = Options.Seconds("1");
        var command = new Command("engine", "Time the engine and compare it with C and hand-written loops; print the table of docs/engine.md.")
        {
            filter, seconds,
        };
        command.SetAction(result =>
        {
            IAnsiConsole console = Terminal.Open();
            NativeKernels? native = Options.LoadNative(console);
            double secondsOfContest = result.GetValue(seconds) ?? 1;
            if (Options.Run(
                console,
                Contests.Engine(native),
                name => Agreement.Disagreement(name, native),
                result.GetValue(filter)!,
                secondsOfContest,
                Budget.OfContests(secondsOfContest)) is not { } results)
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
