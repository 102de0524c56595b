using System.Globalization;

namespace Optimizers.Diagnostics;

/// <summary>The result of a <see cref="RateFinder"/>.</summary>
public sealed record RateReport
{
    internal RateReport(IReadOnlyList<RatePoint> points, bool diverged, string? refusal, int window)
    {
        Points = new ValueList<RatePoint>(points);
        Diverged = diverged;
        Refusal = refusal;

        // The first averages cover too few losses, and the last point after divergence was not stable.
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
                ? $"The loss diverged within {points.Count} steps: start at a lower rate."
                : $"The loss fell at no rate. Check the gradients, or use more points or a wider range.{Ending}";
            return;
        }

        // The slope spans as many points as an average covers, because the difference of two neighbours is mostly noise.
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

    /// <summary>Every step, in order. If the loss diverged, it diverged in the last step.</summary>
    public IReadOnlyList<RatePoint> Points { get; }

    /// <summary>Whether the test ended because the loss diverged, before the highest rate.</summary>
    public bool Diverged { get; }

    /// <summary>
    /// The reason why the optimizer refused the next rate: its product with the weight decay is above 1. The test ended there. Null
    /// if no rate was refused.
    /// </summary>
    public string? Refusal { get; }

    /// <summary>
    /// The rate with the lowest averaged loss; at higher rates the loss rose. On a quadratic with a little noise this is close to 2/λ for
    /// gradient descent, where λ is the largest curvature. Null if the loss fell at no rate.
    /// </summary>
    public double? LargestStable { get; }

    /// <summary>Half of <see cref="LargestStable"/>, as a suggestion for training.</summary>
    public double? ByLargestStable { get; }

    /// <summary>
    /// The rate at which the averaged loss fell most steeply with the logarithm of the rate, as a suggestion for training.
    /// This rate is usually the more cautious of the two suggestions. Null if the loss fell at no rate.
    /// </summary>
    public double? BySteepestDescent { get; }

    /// <summary>The larger of the two suggestions; null if there is none.</summary>
    public double? Suggested => ByLargestStable > BySteepestDescent ? ByLargestStable : BySteepestDescent;

    /// <summary>The result of the test, in a sentence.</summary>
    public string Advice { get; }

    /// <summary>
    /// Draws the losses by their rates, the averages, and each suggestion as a vertical line. Losses that lie above the start by more
    /// than half of the progress are left out.
    /// </summary>
    /// <returns>A chart. Change its labels with a <c>with</c> expression.</returns>
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

    /// <summary>A rate as text for a sentence.</summary>
    internal static string Shown(double rate) => rate.ToString("G3", CultureInfo.InvariantCulture);

    private string Ending => Refusal is null ? "" : $" The test ended at {Shown(Points[^1].Rate)}, because higher rates are refused: {Refusal}";

    private string AdviceOn(bool stillFalling) => stillFalling
        ? $"The loss was still falling at {Shown(Points[^1].Rate)}, the highest rate, so {Shown(Suggested!.Value)} may be too low.{(Refusal is null ? " Try higher rates." : "")}{Ending}"
        : $"Start with the rate {Shown(Suggested!.Value)}. The loss fell most steeply at {Shown(BySteepestDescent!.Value)}, and stopped "
            + $"falling above {Shown(LargestStable!.Value)}; half of that is {Shown(ByLargestStable!.Value)}.{Ending}";
}
