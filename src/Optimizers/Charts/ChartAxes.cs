namespace Optimizers.Charts;

/// <summary>The two axes of a chart, and its lines in parts without a gap.</summary>
internal sealed class ChartAxes
{
    /// <summary>Chooses the axes.</summary>
    /// <param name="chart">What is to be drawn.</param>
    /// <param name="fitsBeside">Whether the labels of a vertical axis have room.</param>
    /// <param name="fitsBelow">Whether the labels of a horizontal axis have room, below a chart with a vertical axis.</param>
    public ChartAxes(LineChart chart, Func<ChartAxis, bool> fitsBeside, Func<ChartAxis, ChartAxis, bool> fitsBelow)
    {
        Parts = [.. chart.Lines.Select(line => PartsOf(chart, line).ToArray())];
        ChartPoint[] points = [.. Parts.SelectMany(parts => parts).SelectMany(part => part)];

        // A chart of nothing still has axes.
        double[] xs = points.Length == 0 ? [1] : Array.ConvertAll(points, point => point.X);
        double[] ys = points.Length == 0 ? [1] : Array.ConvertAll(points, point => point.Y);
        Y = chart.LogarithmicY ? ChartAxis.Logarithmic(ys, fitsBeside) : ChartAxis.Linear(ys, fitsBeside);
        bool Fits(ChartAxis x) => fitsBelow(x, Y);
        X = chart.LogarithmicX ? ChartAxis.Logarithmic(xs, Fits)
            : Array.TrueForAll(xs, double.IsInteger) ? ChartAxis.Whole(xs, Fits)
            : ChartAxis.Linear(xs, Fits);
    }

    public ChartAxis X { get; }

    public ChartAxis Y { get; }

    /// <summary>For each line, stretches of points that are all on the axes.</summary>
    public ChartPoint[][][] Parts { get; }

    private static IEnumerable<ChartPoint[]> PartsOf(LineChart chart, ChartLine line)
    {
        var part = new List<ChartPoint>();
        foreach (ChartPoint point in line.Points)
        {
            if (chart.Has(point))
            {
                part.Add(point);
            }
            else if (part.Count > 0)
            {
                yield return part.ToArray();
                part.Clear();
            }
        }

        if (part.Count > 0)
        {
            yield return part.ToArray();
        }
    }
}
