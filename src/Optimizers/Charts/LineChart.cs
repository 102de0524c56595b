namespace Optimizers.Charts;

/// <summary>A chart of lines, drawn as an SVG picture for light and dark backgrounds or as text for a terminal.</summary>
/// <remarks>
/// <see cref="SchedulePlot"/> makes a chart of schedules. Losses, paths on a surface and other numbers are drawn in the same way.
/// <see cref="ChartGrid"/> puts several charts into one picture.
/// </remarks>
/// <example>
/// <code>
/// var chart = new LineChart([new ChartLine("AdamW", losses)]) { Title = "Loss", XLabel = "epoch", LogarithmicY = true };
/// File.WriteAllText("loss.svg", chart.ToSvg());
/// Console.WriteLine(chart.ToText());
/// </code>
/// </example>
public sealed record LineChart
{
    /// <summary>Creates a chart.</summary>
    /// <param name="lines">The lines, at least one, in the order of the legend.</param>
    /// <exception cref="ArgumentException"><paramref name="lines"/> is empty, or a line is null.</exception>
    public LineChart(IReadOnlyList<ChartLine> lines) =>
        Lines = Require.Items(lines, "The list of lines is empty. A chart needs at least one line.");

    /// <summary>The lines.</summary>
    public IReadOnlyList<ChartLine> Lines { get; }

    /// <summary>The title above the chart. Default: none.</summary>
    public string Title { get; init; } = "";

    /// <summary>The label below the horizontal axis, with its unit. Default: none.</summary>
    public string XLabel { get; init; } = "";

    /// <summary>The label beside the vertical axis, with its unit. Default: none.</summary>
    public string YLabel { get; init; } = "";

    /// <summary>The heading of the legend. A chart of one line has no legend. Default: none.</summary>
    public string LegendTitle { get; init; } = "";

    /// <summary>Whether the horizontal axis is logarithmic. Points at or below 0 are then left out. Default: false.</summary>
    public bool LogarithmicX { get; init; }

    /// <summary>Whether the vertical axis is logarithmic. Points at or below 0 are then left out. Default: false.</summary>
    public bool LogarithmicY { get; init; }

    /// <summary>The range of the horizontal axis; null: the range of the points. Lines are clipped to it. Default: null.</summary>
    public ChartRange? XRange
    {
        get;
        init
        {
            RequireRange(value, nameof(XRange));
            field = value;
        }
    }

    /// <summary>The range of the vertical axis; null: the range of the points. Lines are clipped to it. Default: null.</summary>
    public ChartRange? YRange
    {
        get;
        init
        {
            RequireRange(value, nameof(YRange));
            field = value;
        }
    }

    /// <summary>
    /// Whether one unit is equally long on both axes of the SVG picture, so that angles are true. To make the units equal,
    /// the range of one axis is extended. Default: false.
    /// </summary>
    public bool EqualScales { get; init; }

    /// <summary>A surface whose contour lines are drawn behind the lines of the SVG picture; null: none. Default: null.</summary>
    public ChartContours? Contours { get; init; }

    /// <summary>Labelled places, such as a start or a minimum. They are drawn in the SVG picture only. Default: none.</summary>
    public IReadOnlyList<ChartMark> Marks
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value, nameof(Marks));
            field = new ValueList<ChartMark>(value);
        }
    } = new ValueList<ChartMark>([]);

    /// <summary>The width of the plot in the SVG picture, without labels and legend, from 100 to 10,000. Default: 540.</summary>
    public int PlotWidth
    {
        get;
        init
        {
            Require.Between(value, 100, 10_000, nameof(PlotWidth));
            field = value;
        }
    } = 540;

    /// <summary>The height of the plot in the SVG picture, without labels and title, from 100 to 10,000. Default: 360.</summary>
    public int PlotHeight
    {
        get;
        init
        {
            Require.Between(value, 100, 10_000, nameof(PlotHeight));
            field = value;
        }
    } = 360;

    /// <summary>Draws the chart as a picture.</summary>
    /// <returns>An SVG document with colours for light and for dark backgrounds; the viewer's setting selects them.</returns>
    /// <exception cref="InvalidOperationException">
    /// A range of a logarithmic axis begins at or below 0, or <see cref="EqualScales"/> is set on a logarithmic axis.
    /// </exception>
    public string ToSvg() => SvgChart.Draw(this);

    /// <summary>Draws the chart as text for a terminal. Bands, marks and contour lines are left out.</summary>
    /// <param name="columns">The width in characters, at least 30.</param>
    /// <param name="rows">The height of the plot in rows, at least 4.</param>
    /// <returns>Lines of text with \n between them.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> or <paramref name="rows"/> is too small.</exception>
    /// <exception cref="InvalidOperationException">
    /// A range of a logarithmic axis begins at or below 0, or <see cref="EqualScales"/> is set on a logarithmic axis.
    /// </exception>
    public string ToText(int columns = 76, int rows = 14)
    {
        Require.AtLeast(columns, 30);
        Require.AtLeast(rows, 4);
        return TextChart.Draw(this, columns, rows);
    }

    /// <summary>Whether the axes can show a point: its coordinates are finite, and above 0 on a logarithmic axis.</summary>
    internal bool Has(ChartPoint point) =>
        double.IsFinite(point.X) && double.IsFinite(point.Y) && (point.X > 0 || !LogarithmicX) && (point.Y > 0 || !LogarithmicY);

    private static void RequireRange(ChartRange? range, string name)
    {
        if (range is { } given && !(double.IsFinite(given.Low) && double.IsFinite(given.Length) && given.Length > 0))
        {
            throw new ArgumentException(
                FormattableString.Invariant($"{name} = ({given.Low}, {given.High}) must be finite, with Low below High."), name);
        }
    }
}

/// <summary>A line of a <see cref="LineChart"/>.</summary>
/// <param name="Name">The name in the legend.</param>
/// <param name="Points">
/// The points in the order in which they are joined. The x of the points need not ascend, so a line can be a path. A point
/// that is not finite leaves a gap. </param>
public sealed record ChartLine(string Name, IReadOnlyList<ChartPoint> Points)
{
    /// <summary>A short text before the name in the legend, such as a last value. Default: none.</summary>
    public string Note { get; init; } = "";

    /// <summary>
    /// A filled area around the line, such as the spread over seeds, in ascending order of x. It is drawn in the SVG picture only.
    /// Default: none.
    /// </summary>
    public IReadOnlyList<ChartBandPoint> Band { get; init; } = [];

    /// <summary>
    /// The interval of the dots on the line in the SVG picture, which show the pace along a path: 1 for a dot at each point,
    /// 10 for a dot at each tenth point, 0 for no dots. At least 0. Default: 0.
    /// </summary>
    public int DotInterval
    {
        get;
        init
        {
            Require.AtLeast(value, 0, nameof(DotInterval));
            field = value;
        }
    }
}

/// <summary>A point of a <see cref="ChartLine"/>.</summary>
/// <param name="X">The horizontal coordinate.</param>
/// <param name="Y">The vertical coordinate.</param>
public readonly record struct ChartPoint(double X, double Y);

/// <summary>The lower and the upper end of a band at one place of the horizontal axis.</summary>
/// <param name="X">The horizontal coordinate.</param>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
public readonly record struct ChartBandPoint(double X, double Low, double High);

/// <summary>A labelled place on a <see cref="LineChart"/>.</summary>
/// <param name="Label">The text beside the mark.</param>
/// <param name="Place">The place.</param>
public sealed record ChartMark(string Label, ChartPoint Place);

/// <summary>The range of an axis.</summary>
/// <param name="Low">The lowest number, above 0 on a logarithmic axis.</param>
/// <param name="High">The highest number, above <paramref name="Low"/>.</param>
public readonly record struct ChartRange(double Low, double High)
{
    /// <summary>The distance between the two ends.</summary>
    public double Length => High - Low;
}
