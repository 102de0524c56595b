using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>Runs contests: first sees that all contenders do the same, then times them.</summary>
internal sealed class Run(IAnsiConsole console, double seconds)
{
    /// <summary>Times the contests.</summary>
    /// <returns>The measurements; null where contenders disagree, and then it is said which.</returns>
    public Results? Of(IReadOnlyList<Contest> contests, NativeKernels? native)
    {
        string[] names = [.. contests.SelectMany(contest => contest.Entrants).Select(entrant => entrant.Cell.Subject).Distinct()];
        OptimizerRow[] rows = [.. Catalogue.Rows.Where(row => names.Contains(row.Name))];

        if (rows.Select(row => Agreement.Disagreement(row, native)).FirstOrDefault(found => found is not null) is { } disagreement)
        {
            console.MarkupLineInterpolated($"[red]{disagreement}[/]");
            return null;
        }

        return Progress(contests, Time);
    }

    private Measurement[] Time(Contest contest, int number)
    {
        using var arena = new Arena();
        Timing[] timings = RoundRobin.Time([.. contest.Entrants.Select(entrant => entrant.Enter(arena))], seconds);
        return
        [
            .. contest.Entrants.Select((entrant, i) => new Measurement(entrant.Cell, number, timings[i], entrant.BytesPerParameter)),
        ];
    }

    // Drawn between contests only: a bar that moves by itself is a thread that takes time from the contenders.
    private Results Progress(IReadOnlyList<Contest> contests, Func<Contest, int, Measurement[]> time)
    {
        var results = new Results();
        void TimeAll(Action<Contest> before)
        {
            for (int i = 0; i < contests.Count; i++)
            {
                before(contests[i]);
                results.Add(time(contests[i], i));
                GC.Collect();
            }
        }

        if (!console.Profile.Capabilities.Interactive)
        {
            TimeAll(_ => { });
            return results;
        }

        console.Progress().AutoRefresh(false).AutoClear(true).Start(progress =>
        {
            ProgressTask bar = progress.AddTask("starting", maxValue: contests.Count);
            TimeAll(contest =>
            {
                Cell cell = contest.Entrants[0].Cell;
                bar.Description = $"{cell.Subject} at {cell.N:N0}";
                bar.Value = results.Measurements.Select(measurement => measurement.Contest).Distinct().Count();
                progress.Refresh();
            });
        });
        return results;
    }
}
