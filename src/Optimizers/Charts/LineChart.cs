namespace Optimizers.Charts;

/// <summary>
/// Lines over an axis, as an SVG picture for light and dark surroundings or as text for a terminal:
/// <see cref="SchedulePlot"/> makes one of schedules, and losses or anything else can be drawn alike.
/// </summary>
/// <example>
/// <code>
/// var chart = new LineChart([new ChartLine("AdamW", losses)]) { Title = "Loss", XLabel = "epoch", LogarithmicY = true };
/// File.WriteAllText("loss.svg", chart.ToSvg());
/// Console.WriteLine(chart.ToText());
/// </code>
/// </example>
public sealed record LineChart
{
    /// <summary>Makes a chart.</summary>
    /// <param name="lines">The lines, at least one, in the order of the legend.</param>
    /// <exception cref="ArgumentException">There is no line, or one is null.</exception>
    public LineChart(IReadOnlyList<ChartLine> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        foreach (ChartLine line in lines)
        {
            ArgumentNullException.ThrowIfNull(line, nameof(lines));
        }

        if (lines.Count == 0)
        {
            throw new ArgumentException("There is no line. A chart needs at least one.", nameof(lines));
        }

        Lines = new ValueList<ChartLine>(lines);
    }

    /// <summary>The lines.</summary>
    public IReadOnlyList<ChartLine> Lines { get; }

    /// <summary>What stands above. Default: nothing.</summary>
    public string Title { get; init; } = "";

    /// <summary>What stands below the horizontal axis, with its unit. Default: nothing.</summary>
    public string XLabel { get; init; } = "";

    /// <summary>What stands beside the vertical axis, with its unit. Default: nothing.</summary>
    public string YLabel { get; init; } = "";

    /// <summary>What stands above the legend, which there is for more than one line. Default: nothing.</summary>
    public string LegendTitle { get; init; } = "";

    /// <summary>Whether the horizontal axis is logarithmic; points at 0 or below are then left out. Default false.</summary>
    public bool LogarithmicX { get; init; }

    /// <summary>Whether the vertical axis is logarithmic; points at 0 or below are then left out. Default false.</summary>
    public bool LogarithmicY { get; init; }

    /// <summary>The width between the axes' ends in the SVG picture, from 100 to 10,000. Default 540.</summary>
    public int PlotWidth
    {
        get;
        init
        {
            Require.Between(value, 100, 10_000, nameof(PlotWidth));
            field = value;
        }
    } = 540;

    /// <summary>The height between the axes' ends in the SVG picture, from 100 to 10,000. Default 360.</summary>
    public int PlotHeight
    {
        get;
        init
        {
            Require.Between(value, 100, 10_000, nameof(PlotHeight));
            field = value;
        }
    } = 360;

    /// <summary>The chart as a picture.</summary>
    /// <returns>An SVG document that follows the reader's choice of light or dark.</returns>
    public string ToSvg() => SvgChart.Draw(this);

    /// <summary>The chart as text, for a terminal.</summary>
    /// <param name="columns">The width, at least 30.</param>
    /// <param name="rows">The height between the axes' ends, at least 4.</param>
    /// <returns>Lines with \n between them.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public string ToText(int columns = 76, int rows = 14)
    {
        Require.AtLeast(columns, 30);
        Require.AtLeast(rows, 4);
        return TextChart.Draw(this, columns, rows);
    }

    /// <summary>Whether there is a place for a point on the axes.</summary>
    internal bool Has(ChartPoint point) =>
        double.IsFinite(point.X) && double.IsFinite(point.Y) && (point.X > 0 || !LogarithmicX) && (point.Y > 0 || !LogarithmicY);
}

/// <summary>A line of a <see cref="LineChart"/>.</summary>
/// <param name="Name">What the legend says.</param>
/// <param name="Points">The points, from left to right. A gap is left where one is not finite.</param>
public sealed record ChartLine(string Name, IReadOnlyList<ChartPoint> Points)
{
    /// <summary>What stands before the name in the legend: a last value, for example. Default: nothing.</summary>
    public string Note { get; init; } = "";
}

/// <summary>A point of a <see cref="ChartLine"/>.</summary>
/// <param name="X">Where it is to the right.</param>
/// <param name="Y">Where it is upwards.</param>
public readonly record struct ChartPoint(double X, double Y);
