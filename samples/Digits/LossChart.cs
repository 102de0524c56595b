using System.Globalization;
using Optimizers.Charts;

namespace Digits;

/// <summary>Draws the loss of each run by epoch as an SVG picture for light and dark surroundings.</summary>
internal static class LossChart
{
    // Less than a double can tell from 1 in a softmax; a logarithm needs some floor.
    private const double SmallestLoss = 1e-16;

    /// <summary>Draws runs of the same number of epochs; in the legend from the highest end to the lowest, as the curves
    /// end beside it.</summary>
    public static string Draw(IReadOnlyList<Run> runs) =>
        new LineChart([.. runs.OrderByDescending(run => run.Losses[^1]).Select(LineOf)])
        {
            Title = "Training loss on handwritten digits",
            XLabel = "epoch",
            YLabel = "mean cross-entropy in nats, log scale",
            LegendTitle = "final loss",
            LogarithmicY = true,
        }.ToSvg();

    private static ChartLine LineOf(Run run) =>
        new(run.Recipe.Name, [.. run.Losses.Select((loss, i) => new ChartPoint(i + 1, Math.Max(loss, SmallestLoss)))])
        {
            Note = run.Losses[^1].ToString("F4", CultureInfo.InvariantCulture),
        };
}
