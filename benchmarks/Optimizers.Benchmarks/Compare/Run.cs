using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>Runs contests: first checks that all contenders compute the same values, then times them.</summary>
internal sealed class Run(IAnsiConsole console, double seconds, Budget budget)
{
    private const int MillisecondsOfPause = 150;

    private readonly RoundRobin _roundRobin = new(budget.Clock, () => Thread.Sleep(MillisecondsOfPause));

    /// <summary>Times the contests until the time is used up.</summary>
    /// <param name="contests">The contests.</param>
    /// <param name="disagreementOf">Returns a message if contenders of an optimizer with this name compute different values.</param>
    /// <returns>The measurements. Null, after a message, if contenders compute different values.</returns>
    public Results? Of(IReadOnlyList<Contest> contests, Func<string, string?> disagreementOf)
    {
        string[] names = [.. contests.SelectMany(contest => contest.Entrants).Select(entrant => entrant.Cell.Subject).Distinct()];
        string? disagreement = null;
        if (!Budget.Ends(() => disagreement = names.Select(disagreementOf).FirstOrDefault(found => found is not null), budget.Left))
        {
            disagreement = "The comparison of the contenders' results did not end in time. Close other programs, or run the command again.";
        }

        if (disagreement is not null)
        {
            console.MarkupLineInterpolated($"[red]{disagreement}[/]");
            return null;
        }

        return Progress(contests);
    }

    private ContestResult Time(Contest contest, int number, TimeSpan share)
    {
        TimeProvider clock = budget.Clock;
        long deadline = clock.GetTimestamp() + (long)(share.TotalSeconds * clock.TimestampFrequency);
        using var arena = new Arena();
        var missing = new List<MissingCell>();
        var entered = new List<(Entrant Entrant, Turn Turn)>();
        foreach (Entrant entrant in contest.Entrants)
        {
            if (clock.GetTimestamp() >= deadline)
            {
                missing.Add(new(entrant.Cell, TimingResult.OutOfTime));
                continue;
            }

            try
            {
                entered.Add((entrant, entrant.Enter(arena)));
            }
            catch (Exception exception)
            {
                // Report any exception of a contender, and time the others.
                missing.Add(new(entrant.Cell, TimingResult.Of(exception).Failure!));
            }
        }

        TimingResult[] results = _roundRobin.Time([.. entered.Select(pair => pair.Turn)], seconds, deadline);
        var measurements = new List<Measurement>();
        foreach (((Entrant entrant, _), TimingResult result) in entered.Zip(results))
        {
            if (result.Timing is { } timing)
            {
                measurements.Add(new Measurement(entrant.Cell, number, timing, entrant.BytesPerParameter));
            }
            else
            {
                missing.Add(new(entrant.Cell, result.Failure!));
            }
        }

        return new ContestResult(measurements, missing);
    }

    // A contest that does not end still uses a processor, so the contests after it are not timed.
    private Results TimeAll(IReadOnlyList<Contest> contests, Action<Contest, int> before)
    {
        var results = new Results();
        string? reason = null;
        for (int i = 0; i < contests.Count; i++)
        {
            Contest contest = contests[i];
            before(contest, i);
            TimeSpan share = budget.ShareOf(contest.Effort / contests.Skip(i).Sum(left => left.Effort));
            ContestResult? result = null;
            if (reason is null && share > TimeSpan.Zero && !Budget.Ends(() => result = Time(contest, i, share), share))
            {
                reason = $"the contest of {contest.Entrants[0].Cell.What} at {contest.Entrants[0].Cell.N:N0} did not end in time";
            }

            results.Add(result ?? new ContestResult([], [.. contest.Entrants.Select(entrant => new MissingCell(entrant.Cell, reason ?? TimingResult.OutOfTime))]));
            GC.Collect();
        }

        return results;
    }

    // Draw the bar only between contests. A bar that refreshes itself needs a thread, which would take time from the contenders.
    private Results Progress(IReadOnlyList<Contest> contests)
    {
        if (!console.Profile.Capabilities.Interactive)
        {
            return TimeAll(contests, (_, _) => { });
        }

        return console.Progress().AutoRefresh(false).AutoClear(true).Start(progress =>
        {
            ProgressTask bar = progress.AddTask("starting", maxValue: contests.Count);
            return TimeAll(contests, (contest, number) =>
            {
                Cell cell = contest.Entrants[0].Cell;
                bar.Description = $"{cell.Subject} at {cell.N:N0}";
                bar.Value = number;
                progress.Refresh();
            });
        });
    }
}
