using System.Globalization;
using Optimizers.Charts;

namespace Digits;

/// <summary>Draws the loss of each run over the epochs, as an SVG picture for light and dark pages.</summary>
internal static class LossChart
{
    // The logarithmic axis needs a loss above 0. A softmax in double cannot resolve smaller losses than this.
    private const double SmallestLoss = 1e-16;

    /// <summary>
    /// Draws runs with the same number of epochs. The legend lists them from the highest final loss to the lowest, in the order in which
    /// the curves end next to it.
    /// </summary>
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
