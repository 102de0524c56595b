using System.Globalization;

namespace Optimizers.Diagnostics;

/// <summary>What a <see cref="RateFinder"/> has found.</summary>
public sealed record RateReport
{
    internal RateReport(IReadOnlyList<RatePoint> points, bool diverged, string? refusal, int window)
    {
        Points = new ValueList<RatePoint>(points);
        Diverged = diverged;
        Refusal = refusal;

        // The first averages are of too few losses to say anything, and where it diverged nothing was stable.
        int first = window;
        int end = diverged ? points.Count - 1 : points.Count;
        int lowest = first;
        for (int i = first; i < end; i++)
        {
            lowest = points[i].AveragedLoss < points[lowest].AveragedLoss ? i : lowest;
        }

        if (first >= end || lowest == first)
        {
            Advice = diverged && first >= end
                ? $"The loss diverged within {points.Count} steps: begin at a lower rate."
                : $"The loss fell at no rate: check the gradients, or take more points or a wider range.{Ending}";
            return;
        }

        // Over as many points as an average is over, since between neighbours there is little but noise.
        int reach = Math.Max(1, window / 2);
        double SlopeAt(int index)
        {
            RatePoint before = points[index - reach];
            RatePoint after = points[Math.Min(index + reach, end - 1)];
            return (after.AveragedLoss - before.AveragedLoss) / Math.Log(after.AveragedRate / before.AveragedRate);
        }

        int steepest = first;
        for (int i = first; i <= lowest; i++)
        {
            steepest = SlopeAt(i) < SlopeAt(steepest) ? i : steepest;
        }

        LargestStable = points[lowest].AveragedRate;
        ByLargestStable = LargestStable / 2;
        BySteepestDescent = points[steepest].AveragedRate;
        Advice = AdviceOn(stillFalling: lowest == points.Count - 1);
    }

    /// <summary>Every step, in its order; the last is that at which the loss diverged, if it did.</summary>
    public IReadOnlyList<RatePoint> Points { get; }

    /// <summary>Whether the test ended because the loss diverged, and not at the highest rate.</summary>
    public bool Diverged { get; }

    /// <summary>
    /// Why the optimizer refused the next rate, at which the test ended: its product with the weight decay is above 1. Null if
    /// the test did not end so.
    /// </summary>
    public string? Refusal { get; }

    /// <summary>
    /// Where the averaged loss was least: at higher rates it rose. On a quadratic with a little noise that is close to 2/λ for
    /// plain descent, λ being the largest curvature. Null if the loss fell at no rate.
    /// </summary>
    public double? LargestStable { get; }

    /// <summary>Half of <see cref="LargestStable"/>: a rate to train at.</summary>
    public double? ByLargestStable { get; }

    /// <summary>
    /// Where the averaged loss fell most steeply with the logarithm of the rate: a rate to train at, that as a rule is the more
    /// careful one. Null if the loss fell at no rate.
    /// </summary>
    public double? BySteepestDescent { get; }

    /// <summary>The larger one of the two suggestions; null if there is none.</summary>
    public double? Suggested => ByLargestStable > BySteepestDescent ? ByLargestStable : BySteepestDescent;

    /// <summary>What the test says, in a sentence.</summary>
    public string Advice { get; }

    /// <summary>
    /// The losses by their rates, the averages, and the suggestions, each as a line from the bottom to the top. Losses that are
    /// half of all progress above the beginning are left out.
    /// </summary>
    /// <returns>A chart, whose labels may be changed by <c>with</c>.</returns>
    public LineChart ToChart()
    {
        double best = Points.Min(point => double.IsNaN(point.AveragedLoss) ? double.PositiveInfinity : point.AveragedLoss);
        double start = Points[0].Loss;
        double ceiling = start + (start > best ? (start - best) / 2 : Math.Abs(start));
        ChartPoint At(double rate, double loss) => new(rate, loss <= ceiling ? loss : double.NaN);
        ChartLine[] losses =
        [
            new("loss of each step", [.. Points.Select(point => At(point.Rate, point.Loss))]),
            new("running average", [.. Points.Select(point => At(point.AveragedRate, point.AveragedLoss))]),
        ];
        double[] shown = [.. losses.SelectMany(line => line.Points).Select(point => point.Y).Where(double.IsFinite)];
        IEnumerable<ChartLine> marks = new[]
        {
            ("steepest descent", BySteepestDescent), ("half the largest stable rate", ByLargestStable), ("largest stable rate", LargestStable),
        }
            .Where(mark => mark.Item2 is not null)
            .Select(mark => new ChartLine(
                $"{mark.Item1}: {Shown(mark.Item2!.Value)}",
                [new ChartPoint(mark.Item2.Value, shown.Min()), new ChartPoint(mark.Item2.Value, shown.Max())]));
        return new LineChart([.. losses, .. marks])
        {
            Title = "Learning-rate range test",
            XLabel = "learning rate, log scale",
            YLabel = "loss",
            LogarithmicX = true,
        };
    }

    /// <summary>A rate as sentences have it.</summary>
    internal static string Shown(double rate) => rate.ToString("G3", CultureInfo.InvariantCulture);

    private string Ending => Refusal is null ? "" : $" The test ended at {Shown(Points[^1].Rate)}, because higher rates are refused: {Refusal}";

    private string AdviceOn(bool stillFalling) => stillFalling
        ? $"The loss was still falling at {Shown(Points[^1].Rate)}, the highest rate{(Refusal is null ? ": try higher ones, for" : ", so")} {Shown(Suggested!.Value)} may be too low.{Ending}"
        : $"Train at {Shown(Suggested!.Value)} to begin with: the loss fell most steeply at {Shown(BySteepestDescent!.Value)}, and no "
            + $"further above {Shown(LargestStable!.Value)}, of which {Shown(ByLargestStable!.Value)} is the half.{Ending}";
}
