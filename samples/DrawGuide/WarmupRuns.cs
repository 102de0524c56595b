using System.Globalization;
using Optimizers;
using Optimizers.Charts;
using Optimizers.Schedules;

namespace DrawGuide;

/// <summary>Warmup of different lengths in a run of 100,000 updates, and the losses of a small network with and without warmup at two rates.</summary>
internal static class WarmupRuns
{
    private const int RunLength = 100_000;
    private const double Peak = 3e-4;

    private const int Seeds = 11;
    private const int Window = 10;
    private const int Steps = 400;
    private const int WarmupSteps = 80;

    // The warmup makes no difference at the low rate. At the high rate most runs without a warmup keep a high loss.
    private const double LowRate = 0.02;
    private const double HighRate = 0.07;

    public static ChartGrid Draw() => new([Rates(), Losses(LowRate), Losses(HighRate)])
    {
        Title = "Warmup: the rates of a long run, and the losses of a short one",
        Subtitle = "Left: ten updates of 100,000 are no warmup. Right: a small network at two rates. The bands hold the middle half of the seeds.",
        Columns = 3,
    };

    private static LineChart Rates()
    {
        // A logarithmic axis has no 0, so the chart counts updates from 1.
        ChartLine LineOf(string name, ILrSchedule schedule) =>
            new(name, [.. LogarithmicSteps.UpTo(RunLength).Select(update => new ChartPoint(update, schedule.At(update - 1)))]);

        return Sized(new LineChart(
        [
            LineOf("no warmup", new Cosine(Peak, RunLength)),
            LineOf("10 updates", new WarmupCosine(Peak, 10, RunLength)),
            LineOf("1,000 updates (1 %)", new WarmupCosine(Peak, 1_000, RunLength)),
        ])
        {
            Title = string.Create(CultureInfo.InvariantCulture, $"Cosine over {RunLength:N0} updates"),
            XLabel = "update, log scale",
            YLabel = "learning rate",
            LogarithmicX = true,
        });
    }

    private static LineChart Losses(double rate) => Sized(new LineChart(
    [
        LineOf("no warmup", new Constant(rate)),
        LineOf(string.Create(CultureInfo.InvariantCulture, $"{WarmupSteps} updates"), new WarmupConstant(rate, WarmupSteps)),
    ])
    {
        Title = string.Create(CultureInfo.InvariantCulture, $"Momentum at rate {rate}"),
        XLabel = "update",
        YLabel = string.Create(CultureInfo.InvariantCulture, $"loss, median and quartiles of {Seeds} seeds"),
        LogarithmicY = true,
        YRange = new ChartRange(0.01, 10),
    });

    private static ChartLine LineOf(string name, ILrSchedule schedule)
    {
        double[][] runs = [.. Enumerable.Range(1, Seeds).Select(seed => Regression.Train(seed, schedule, Steps))];
        (double X, double[] Sorted)[] windows =
        [
            .. Enumerable.Range(0, Steps / Window).Select(window => (
                (double)(window + 1) * Window,
                runs.Select(losses => losses.AsSpan(window * Window, Window).ToArray().Average()).Order().ToArray())),
        ];
        return new ChartLine(name, [.. windows.Select(window => new ChartPoint(window.X, window.Sorted[Seeds / 2]))])
        {
            Band = [.. windows.Select(window => new ChartBandPoint(window.X, window.Sorted[Seeds / 4], window.Sorted[Seeds - 1 - (Seeds / 4)]))],
        };
    }

    private static LineChart Sized(LineChart chart) => chart with { PlotWidth = 250, PlotHeight = 240 };
}
