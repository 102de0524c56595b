using System.Globalization;

namespace Optimizers.Diagnostics;

/// <summary>The result of a <see cref="RateSweep"/>.</summary>
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
            ? $"The loss fell at no rate. Check the gradients. Try lower rates if runs diverged, and higher rates if not.{Ending}"
            : $"Use the rate {RateReport.Shown(runs[chosen].Rate)}: its loss fell furthest, from {Shown(runs[chosen].FirstLoss)} to "
                + $"{Shown(runs[chosen].FinalLoss)}; {Below(runs, chosen)}, and {Above(runs, chosen)}.{Ending}";
    }

    /// <summary>
    /// The reason why the optimizer refused the next rate: its product with the weight decay is above 1. The sweep ended there. Null
    /// if no rate was refused.
    /// </summary>
    public string? Refusal { get; }

    /// <summary>Every run, from the lowest rate to the highest.</summary>
    public IReadOnlyList<RateRun> Runs { get; }

    /// <summary>
    /// The rate with the lowest final loss, among the runs that did not diverge and whose loss fell. If two losses are
    /// equal, it is the lower rate. Null if there is no such run.
    /// </summary>
    public double? Chosen { get; }

    /// <summary>The reason for the choice, in a sentence.</summary>
    public string Reason { get; }

    private string Ending => Refusal is null ? "" : $" The sweep ended at {RateReport.Shown(Runs[^1].Rate)}, because higher rates are refused: {Refusal}";

    private static string Shown(double loss) => loss.ToString("G4", CultureInfo.InvariantCulture);

    private static string Below(IReadOnlyList<RateRun> runs, int chosen) =>
        chosen > 0 ? Neighbour(runs[chosen - 1]) : "no lower rate was tried, so try one";

    private string Above(IReadOnlyList<RateRun> runs, int chosen) =>
        chosen < runs.Count - 1 ? Neighbour(runs[chosen + 1])
        : Refusal is null ? "no higher rate was tried, so try one"
        : "no higher rate could be tried";

    private static string Neighbour(RateRun run) => run.Diverged
        ? $"the run with {RateReport.Shown(run.Rate)} diverged after {run.Steps} steps"
        : $"the run with {RateReport.Shown(run.Rate)} ended at the loss {Shown(run.FinalLoss)}";
}
