using System.Xml.Linq;
using static Optimizers.Charts.SvgElements;

namespace Optimizers.Charts;

/// <summary>The plot of one chart with its axes and their labels, without title and legend.</summary>
internal sealed class SvgPanel
{
    private const double LineHeight = 13;
    private const double MinorTickDistance = 2.5;

    private readonly LineChart _chart;
    private readonly ChartAxes _axes;

    /// <summary>Chooses the axes of a chart.</summary>
    public SvgPanel(LineChart chart)
    {
        _chart = chart;
        _axes = new ChartAxes(
            chart,
            fitsBeside: y => AreApart(y, chart.PlotHeight, (_, _) => LineHeight),
            fitsBelow: (x, _) => AreApart(
                x, chart.PlotWidth, (one, next) => LetterWidth * (((one.Length + next.Length) / 2.0) + 1.5)),
            (chart.PlotWidth, chart.PlotHeight));
    }

    /// <summary>The width of the labels of the vertical axis.</summary>
    public double YLabelsWidth => LetterWidth * _axes.Y.Ticks.Max(tick => tick.Label.Length);

    /// <summary>
    /// Half the width of the widest label of the horizontal axis. If this label is at the end of the axis, it extends beyond the axis by
    /// this width.
    /// </summary>
    public double HalfXLabelWidth => LetterWidth / 2 * _axes.X.Ticks.Max(tick => tick.Label.Length);

    /// <summary>Draws the panel.</summary>
    /// <param name="left">The left edge of the plot.</param>
    /// <param name="top">The upper edge of the plot.</param>
    /// <param name="yLabelX">The place of the label of the vertical axis.</param>
    /// <param name="colourOf">The index of the colour of a line.</param>
    public IEnumerable<XElement> Draw(double left, double top, double yLabelX, Func<ChartLine, int, int> colourOf)
    {
        var plot = new PlotClip(left, top, left + _chart.PlotWidth, top + _chart.PlotHeight);
        ChartPoint Place(ChartPoint point) => new(
            left + (_chart.PlotWidth * _axes.X.ShareOf(point.X)), plot.Bottom - (_chart.PlotHeight * _axes.Y.ShareOf(point.Y)));

        // Clip only at a range that the user gave. Other ranges contain all points, and rounding could cut off a point at
        // the edge.
        PlotClip clip = plot with
        {
            Left = _axes.ClipsX ? plot.Left : double.NegativeInfinity,
            Right = _axes.ClipsX ? plot.Right : double.PositiveInfinity,
            Top = _axes.ClipsY ? plot.Top : double.NegativeInfinity,
            Bottom = _axes.ClipsY ? plot.Bottom : double.PositiveInfinity,
        };
        return
        [
            .. Background(plot),
            .. Ticks(plot),
            .. Labels(plot, yLabelX),
            .. _chart.Lines.Index().Where(line => _axes.Bands[line.Index].Length > 0)
                .Select(line => Band(_axes.Bands[line.Index], colourOf(line.Item, line.Index), Place, clip)),
            .. _chart.Lines.Select((line, i) => Line(
                line, colourOf(line, i), [.. _axes.Parts[i].Select(part => Array.ConvertAll(part, Place))], clip)),
            .. _axes.Marks.Where(mark => clip.Contains(Place(mark.Place)))
                .SelectMany(mark => Mark(mark.Label, Place(mark.Place), plot, _axes.Parts.SelectMany(parts => parts).Select(part => Array.ConvertAll(part, Place)))),
        ];
    }

    private static bool AreApart(ChartAxis axis, double length, Func<string, string, double> least) =>
        axis.Ticks.Zip(axis.Ticks.Skip(1)).All(pair =>
            length * (axis.ShareOf(pair.Second.Value) - axis.ShareOf(pair.First.Value)) >= least(pair.First.Label, pair.Second.Label));

    // The densest minor ticks that have room.
    private static XElement[] MinorTicks(ChartAxis axis, double length, Func<double, string> path)
    {
        bool HasRoom(IReadOnlyList<double> ticks)
        {
            double[] places = [.. ticks.Concat(axis.Ticks.Select(tick => tick.Value)).Select(tick => length * axis.ShareOf(tick)).Order()];
            return ticks.Count > 0 && places.Zip(places.Skip(1)).All(pair => pair.Second - pair.First >= MinorTickDistance);
        }

        return axis.MinorTicks.FirstOrDefault(HasRoom) is { } ticks
            ? [Tag("path", With("class", "minor"), With("d", string.Concat(ticks.Select(path))))]
            : [];
    }

    private static XElement Band(ChartBandPoint[][] parts, int colour, Func<ChartPoint, ChartPoint> place, PlotClip clip) => Tag(
        "g",
        With("class", SvgStyle.ClassOf(colour)),
        parts.Select(part => clip.Area(
            [
                .. part.Select(point => place(new ChartPoint(point.X, point.High))),
                .. part.Reverse().Select(point => place(new ChartPoint(point.X, point.Low))),
            ]))
            .Where(area => area.Count > 0)
            .Select(area => Tag("polygon", With("class", "band"), With("points", Coordinates(area)))));

    private static XElement Line(ChartLine line, int colour, ChartPoint[][] parts, PlotClip clip) => Tag(
        "g",
        With("class", SvgStyle.ClassOf(colour)),
        Tag("title", line.Name),
        parts.SelectMany(clip.Line).Select(part => Tag("polyline", With("class", "curve"), With("points", Coordinates(part)))),
        parts.SelectMany(part => part).Where((point, i) => line.DotInterval > 0 && i % line.DotInterval == 0 && clip.Contains(point))
            .Select(point => Dot(point, 2.2)),
        parts.TakeLast(1).Select(part => part[^1]).Where(clip.Contains).Select(end => Dot(end, 3.5)));

    private static XElement Dot(ChartPoint place, double radius) =>
        Tag("circle", With("cx", place.X), With("cy", place.Y), With("r", radius));

    // The label can be at the upper right, upper left, lower right or lower left of the mark. Places inside the plot come first.
    // Among these, the label gets the place where it covers the least of the lines.
    private static XElement[] Mark(string label, ChartPoint place, PlotClip plot, IEnumerable<IReadOnlyList<ChartPoint>> lines)
    {
        double width = LetterWidth * label.Length;
        (double right, double left) = (place.X + 10, place.X - 10 - width);
        PlotClip best = new[]
        {
            new PlotClip(right, place.Y - 22, right + width, place.Y - 4),
            new PlotClip(left, place.Y - 22, left + width, place.Y - 4),
            new PlotClip(right, place.Y + 4, right + width, place.Y + 22),
            new PlotClip(left, place.Y + 4, left + width, place.Y + 22),
        }
        .OrderBy(box => box.Left < plot.Left || box.Right > plot.Right || box.Top < plot.Top || box.Bottom > plot.Bottom)
        .ThenBy(box => lines.SelectMany(box.Line).Sum(part => part.Zip(part.Skip(1)).Sum(pair =>
            Math.Abs(pair.Second.X - pair.First.X) + Math.Abs(pair.Second.Y - pair.First.Y))))
        .First();
        bool isRight = best.Left > place.X;
        return
        [
            Tag("path", With("class", "mark"), With("d", Invariant($"M{place.X:0.#},{place.Y:0.#}m-5,-5l10,10m0,-10l-10,10"))),
            Text(isRight ? best.Left : best.Right, best.Bottom - 4, label, isRight ? "label start" : "label end"),
        ];
    }

    // Contour lines, or otherwise a grid line for each tick of the vertical axis.
    private IEnumerable<XElement> Background(PlotClip plot)
    {
        if (_chart.Contours is not { } contours)
        {
            return _axes.Y.Ticks.Select(tick => Tag(
                "path", With("class", "grid"), With("d", Invariant($"M{plot.Left:0.#},{YOf(plot, tick.Value):0.#}H{plot.Right:0.#}"))));
        }

        (double width, double height) = (_chart.PlotWidth, _chart.PlotHeight);
        var lines = new ContourLines(
            (x, y) => contours.Height(_axes.X.ValueAt(x / width), _axes.Y.ValueAt(1 - (y / height))), width, height);
        return
        [
            .. contours.Levels.Select(level => Tag(
                "path",
                With("class", "contour"),
                With("d", string.Concat(lines.At(level).Select(line =>
                    $"M{Coordinates(line.Select(point => new ChartPoint(plot.Left + point.X, plot.Top + point.Y)))}"))))),
            Tag(
                "rect",
                With("class", "frame"),
                With("x", plot.Left),
                With("y", plot.Top),
                With("width", width),
                With("height", height)),
        ];
    }

    private IEnumerable<XElement> Ticks(PlotClip plot) =>
    [
        .. _axes.Y.Ticks.Where(_ => _chart.Contours is not null).Select(tick => Tag(
            "path", With("class", "grid"), With("d", Invariant($"M{plot.Left:0.#},{YOf(plot, tick.Value):0.#}h-5")))),
        .. _axes.X.Ticks.Select(tick => Tag(
            "path", With("class", "grid"), With("d", Invariant($"M{XOf(plot, tick.Value):0.#},{plot.Bottom:0.#}v5")))),
        .. MinorTicks(_axes.Y, _chart.PlotHeight, tick => Invariant($"M{plot.Left:0.#},{YOf(plot, tick):0.#}h4")),
        .. MinorTicks(_axes.X, _chart.PlotWidth, tick => Invariant($"M{XOf(plot, tick):0.#},{plot.Bottom:0.#}v4")),
    ];

    private IEnumerable<XElement> Labels(PlotClip plot, double yLabelX)
    {
        foreach ((double value, string label) in _axes.Y.Ticks)
        {
            yield return Text(plot.Left - 10, YOf(plot, value) + 4, label, "end");
        }

        foreach ((double value, string label) in _axes.X.Ticks)
        {
            yield return Text(XOf(plot, value), plot.Bottom + 22, label, "middle");
        }

        if (_chart.XLabel.Length > 0)
        {
            yield return Text((plot.Left + plot.Right) / 2, plot.Bottom + 44, _chart.XLabel, "middle");
        }

        if (_chart.YLabel.Length > 0)
        {
            yield return Tag(
                "g",
                With("transform", Invariant($"translate({yLabelX:0.#} {(plot.Top + plot.Bottom) / 2:0.#}) rotate(-90)")),
                Text(0, 0, _chart.YLabel, "middle"));
        }
    }

    private double XOf(PlotClip plot, double value) => plot.Left + (_chart.PlotWidth * _axes.X.ShareOf(value));

    private double YOf(PlotClip plot, double value) => plot.Bottom - (_chart.PlotHeight * _axes.Y.ShareOf(value));
}
