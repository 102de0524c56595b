using DrawSchedules;
using Optimizers.Charts;
using Optimizers.Schedules;

namespace DrawGuide;

/// <summary>Every schedule of the library in a small chart.</summary>
internal static class AllSchedules
{
    private const int Width = 220;
    private const int Height = 100;

    public static ChartGrid Draw() => new(
    [
        .. Gallery.Pictures.Where(picture => picture.Key != "Composed.svg").Select(picture => Small(picture.Value)),
        Small(SchedulePlot.Of(1_000, new Cosine(0.1, 800).WithWarmup(100)) with { Title = "Cosine.WithWarmup" }),
    ])
    {
        Title = "The schedules of the library",
        Subtitle = "Learning rate (for two charts: momentum) over a thousand updates. docs/schedules.md has the formulas.",
        Columns = 3,
    };

    // The first line of each chart. The other lines of a chart show variants.
    private static LineChart Small(LineChart chart) => new([new ChartLine("rate", [.. Thinned(chart.Lines[0].Points)])])
    {
        Title = chart.Title,
        PlotWidth = Width,
        PlotHeight = Height,
    };

    // Leaves out the points that are closer than a tenth of a pixel to the line between their neighbours. The file is then a tenth as large.
    private static IEnumerable<ChartPoint> Thinned(IReadOnlyList<ChartPoint> points)
    {
        double tolerance = 0.1 / Height * (points.Max(point => point.Y) - points.Min(point => point.Y));
        return Polyline.Simplified(points, IsNear);

        bool IsNear(ChartPoint from, ChartPoint to, ChartPoint between)
        {
            double share = (between.X - from.X) / (to.X - from.X);
            return Math.Abs(((1 - share) * from.Y) + (share * to.Y) - between.Y) <= tolerance;
        }
    }
}
