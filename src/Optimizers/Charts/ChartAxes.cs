namespace Optimizers.Charts;

/// <summary>The two axes of a chart, and the points of its lines split at gaps.</summary>
internal sealed class ChartAxes
{
    /// <summary>Chooses the ranges and the ticks of both axes.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="fitsBeside">Whether the labels of a vertical axis have room.</param>
    /// <param name="fitsBelow">Whether the labels of a horizontal axis have room, given the vertical axis.</param>
    /// <param name="plot">The size of the plot, which equal scales need; null ignores <see cref="LineChart.EqualScales"/>.</param>
    /// <exception cref="InvalidOperationException">Two properties of the chart contradict each other.</exception>
    public ChartAxes(
        LineChart chart,
        Func<ChartAxis, bool> fitsBeside,
        Func<ChartAxis, ChartAxis, bool> fitsBelow,
        (double Width, double Height)? plot = null)
    {
        RequireConsistent(chart);
        Parts = [.. chart.Lines.Select(line => PartsOf(line.Points, chart.Has).ToArray())];
        Bands =
        [
            .. chart.Lines.Select(line => PartsOf(
                line.Band, point => chart.Has(new ChartPoint(point.X, point.Low)) && chart.Has(new ChartPoint(point.X, point.High))).ToArray()),
        ];
        Marks = [.. chart.Marks.Where(mark => chart.Has(mark.Place))];
        ChartPoint[] points =
        [
            .. Parts.SelectMany(parts => parts).SelectMany(part => part),
            .. Bands.SelectMany(parts => parts).SelectMany(part => part)
                .SelectMany(point => new[] { new ChartPoint(point.X, point.Low), new ChartPoint(point.X, point.High) }),
            .. Marks.Select(mark => mark.Place),
        ];

        // An empty chart still has axes.
        double[] xs = points.Length == 0 ? [1] : Array.ConvertAll(points, point => point.X);
        double[] ys = points.Length == 0 ? [1] : Array.ConvertAll(points, point => point.Y);
        (ChartRange? xRange, ChartRange? yRange) = chart.EqualScales && plot is { } size
            ? EqualRanges(chart.XRange ?? Padded(xs), chart.YRange ?? Padded(ys), size.Width, size.Height)
            : (chart.XRange, chart.YRange);

        bool FitsBelow(ChartAxis x) => fitsBelow(x, Y);
        Y = AxisOf(ys, yRange, chart.LogarithmicY, allowWhole: false, fitsBeside);
        X = AxisOf(xs, xRange, chart.LogarithmicX, allowWhole: true, FitsBelow);
        ClipsX = xRange is not null;
        ClipsY = yRange is not null;
    }

    public ChartAxis X { get; }

    public ChartAxis Y { get; }

    /// <summary>Whether points may lie outside the horizontal axis.</summary>
    public bool ClipsX { get; }

    /// <summary>Whether points may lie outside the vertical axis.</summary>
    public bool ClipsY { get; }

    /// <summary>For each line, its runs of drawable points.</summary>
    public ChartPoint[][][] Parts { get; }

    /// <summary>For each line, the runs of drawable points of its band.</summary>
    public ChartBandPoint[][][] Bands { get; }

    /// <summary>The drawable marks.</summary>
    public ChartMark[] Marks { get; }

    private static void RequireConsistent(LineChart chart)
    {
        RequirePositive(nameof(LineChart.XRange), chart.XRange, nameof(LineChart.LogarithmicX), chart.LogarithmicX);
        RequirePositive(nameof(LineChart.YRange), chart.YRange, nameof(LineChart.LogarithmicY), chart.LogarithmicY);
        if (chart.EqualScales && (chart.LogarithmicX || chart.LogarithmicY))
        {
            throw new InvalidOperationException(
                $"{nameof(LineChart.EqualScales)} needs two linear axes. Set {nameof(LineChart.LogarithmicX)} and {nameof(LineChart.LogarithmicY)} to false.");
        }
    }

    private static void RequirePositive(string name, ChartRange? range, string logarithmicName, bool logarithmic)
    {
        if (logarithmic && range is { Low: <= 0 } given)
        {
            throw new InvalidOperationException(FormattableString.Invariant(
                $"{name}.Low = {given.Low} must be above 0, because {logarithmicName} is true. Raise it or set {logarithmicName} to false."));
        }
    }

    private static ChartAxis AxisOf(double[] values, ChartRange? range, bool logarithmic, bool allowWhole, Func<ChartAxis, bool> fits) =>
        (range, logarithmic) switch
        {
            ({ } given, true) => ChartAxis.Logarithmic([given.Low, given.High], fits),
            ({ } given, false) => ChartAxis.Within(given.Low, given.High, fits),
            (null, true) => ChartAxis.Logarithmic(values, fits),
            _ => allowWhole && Array.TrueForAll(values, double.IsInteger) ? ChartAxis.Whole(values, fits) : ChartAxis.Linear(values, fits),
        };

    private static ChartRange Padded(double[] values)
    {
        const double Padding = 0.05;
        (double low, double high) = (values.Min(), values.Max());
        double padding = low == high ? 0.5 : Padding * (high - low);
        return new ChartRange(low - padding, high + padding);
    }

    // The axis with more room is extended on both sides, until one unit is equally long on both axes.
    private static (ChartRange X, ChartRange Y) EqualRanges(ChartRange x, ChartRange y, double width, double height)
    {
        double unitsPerPixel = Math.Max(x.Length / width, y.Length / height);
        return (Extended(x, unitsPerPixel * width), Extended(y, unitsPerPixel * height));
    }

    private static ChartRange Extended(ChartRange range, double length)
    {
        double middle = range.Low + (range.Length / 2);
        return length <= range.Length ? range : new ChartRange(middle - (length / 2), middle + (length / 2));
    }

    private static IEnumerable<T[]> PartsOf<T>(IReadOnlyList<T> points, Predicate<T> isDrawable)
    {
        var part = new List<T>();
        foreach (T point in points)
        {
            if (isDrawable(point))
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
