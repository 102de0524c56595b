using System.Globalization;

namespace Optimizers.Diagnostics;

/// <summary>What a <see cref="RateSweep"/> has found.</summary>
public sealed record RateSweepReport
{
    internal RateSweepReport(IReadOnlyList<RateRun> runs, string? refusal)
    {
        Runs = new ValueList<RateRun>(runs);
        Refusal = refusal;
        int chosen = -1;
        for (int i = 0; i < runs.Count; i++)
        {
            bool fell = !runs[i].Diverged && runs[i].FinalLoss < runs[i].FirstLoss;
            chosen = fell && (chosen < 0 || runs[i].FinalLoss < runs[chosen].FinalLoss) ? i : chosen;
        }

        Chosen = chosen < 0 ? null : runs[chosen].Rate;
        Reason = chosen < 0
            ? $"The loss fell at no rate: check the gradients, and try lower rates if runs diverged and higher ones if not.{Ending}"
            : $"Take {RateReport.Shown(runs[chosen].Rate)}: its loss fell furthest, from {Shown(runs[chosen].FirstLoss)} to "
                + $"{Shown(runs[chosen].FinalLoss)}; {Below(runs, chosen)}, and {Above(runs, chosen)}.{Ending}";
    }

    /// <summary>
    /// Why the optimizer refused the next rate, at which the sweep ended: its product with the weight decay is above 1. Null if
    /// the sweep did not end so.
    /// </summary>
    public string? Refusal { get; }

    /// <summary>Every run, from the lowest rate to the highest.</summary>
    public IReadOnlyList<RateRun> Runs { get; }

    /// <summary>
    /// The rate of the lowest final loss, of runs that did not diverge and whose loss fell; the lower one of two that are alike.
    /// Null if there is none.
    /// </summary>
    public double? Chosen { get; }

    /// <summary>The reason for the choice, in a sentence.</summary>
    public string Reason { get; }

    private string Ending => Refusal is null ? "" : $" The sweep ended at {RateReport.Shown(Runs[^1].Rate)}, because higher rates are refused: {Refusal}";

    private static string Shown(double loss) => loss.ToString("G4", CultureInfo.InvariantCulture);

    private static string Below(IReadOnlyList<RateRun> runs, int chosen) =>
        chosen > 0 ? Neighbour(runs[chosen - 1]) : "no lower one was tried, so try some";

    private string Above(IReadOnlyList<RateRun> runs, int chosen) =>
        chosen < runs.Count - 1 ? Neighbour(runs[chosen + 1])
        : Refusal is null ? "no higher one was tried, so try some"
        : "no higher one could be tried";

    private static string Neighbour(RateRun run) => run.Diverged
        ? $"{RateReport.Shown(run.Rate)} diverged after {run.Steps} steps"
        : $"{RateReport.Shown(run.Rate)} came to {Shown(run.FinalLoss)}";
}
