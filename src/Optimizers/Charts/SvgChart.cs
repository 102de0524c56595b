using System.Globalization;
using System.Xml.Linq;

namespace Optimizers.Charts;

/// <summary>Draws a chart as an SVG picture.</summary>
internal static class SvgChart
{
    private const double Top = 64;
    private const double LegendLine = 24;

    // On the wide side, for nobody knows the reader's font.
    private const double LetterWidth = 8.6;
    private const double TitleLetterWidth = 11;
    private const double LineHeight = 13;

    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    private static readonly (string OnLight, string OnDark)[] _colours =
    [
        ("#1f6fb5", "#5aa9ee"),
        ("#d9480f", "#ff9457"),
        ("#2b8a3e", "#5fd07a"),
        ("#7048e8", "#a78bfa"),
        ("#c2255c", "#ff7aa8"),
        ("#087f8c", "#3bc9db"),
        ("#8f6500", "#ffd43b"),
        ("#7a4a35", "#d4a373"),
        ("#7b848c", "#adb5bd"),
        ("#111111", "#ffffff"),
    ];

    public static string Draw(LineChart chart)
    {
        var axes = new ChartAxes(
            chart,
            fitsBeside: y => Pairs(y).All(pair => Apart(y, pair, chart.PlotHeight) >= LineHeight),
            fitsBelow: (x, _) => Pairs(x).All(pair =>
                Apart(x, pair, chart.PlotWidth) >= LetterWidth * (((pair.One.Label.Length + pair.Next.Label.Length) / 2.0) + 1.5)));
        double halfLabel = LetterWidth / 2 * axes.X.Ticks.Max(tick => tick.Label.Length);
        double left = Math.Max(70, 48 + (LetterWidth * axes.Y.Ticks.Max(tick => tick.Label.Length)));
        double right = left + chart.PlotWidth;
        double bottom = Top + chart.PlotHeight;
        double height = bottom + 56;
        double width = Math.Max(
            right + Math.Max(LegendWidth(chart), halfLabel + 8), left + (TitleLetterWidth * chart.Title.Length) + 16);
        if (chart.Lines.Count > 1)
        {
            height = Math.Max(height, Top + (LegendLine * (chart.Lines.Count + 1)));
        }

        double X(double value) => left + ((right - left) * axes.X.ShareOf(value));
        double Y(double value) => bottom - ((bottom - Top) * axes.Y.ShareOf(value));
        return Tag(
            "svg",
            With("viewBox", Invariant($"0 0 {width:0.#} {height:0.#}")),
            With("width", width),
            With("height", height),
            With("role", "img"),
            Tag("title", chart.Title),
            Tag("style", Style()),
            Tag("rect", With("class", "paper"), With("width", width), With("height", height), With("rx", 8)),
            Text(left, 34, chart.Title, "title"),
            axes.Y.Ticks.Select(tick => Tag(
                "path", With("class", "grid"), With("d", Invariant($"M{left:0.#},{Y(tick.Value):0.#}H{right:0.#}")))),
            axes.X.Ticks.Select(tick => Tag(
                "path", With("class", "grid"), With("d", Invariant($"M{X(tick.Value):0.#},{bottom:0.#}v5")))),
            axes.Y.Ticks.Select(tick => Text(left - 10, Y(tick.Value) + 4, tick.Label, "end")),
            axes.X.Ticks.Select(tick => Text(X(tick.Value), bottom + 22, tick.Label, "middle")),
            Text((left + right) / 2, bottom + 44, chart.XLabel, "middle"),
            Tag(
                "g",
                With("transform", Invariant($"translate(20 {(Top + bottom) / 2:0.#}) rotate(-90)")),
                Text(0, 0, chart.YLabel, "middle")),
            chart.Lines.Select((line, i) => Line(line, axes.Parts[i], i, X, Y)),
            chart.Lines.Count > 1 ? Legend(chart, right + 24) : []).ToString();
    }

    private static IEnumerable<((double Value, string Label) One, (double Value, string Label) Next)> Pairs(ChartAxis axis) =>
        axis.Ticks.Zip(axis.Ticks.Skip(1));

    private static double Apart(
        ChartAxis axis, ((double Value, string Label) One, (double Value, string Label) Next) pair, double length) =>
        length * (axis.ShareOf(pair.Next.Value) - axis.ShareOf(pair.One.Value));

    private static double LegendWidth(LineChart chart) => chart.Lines.Count == 1
        ? 0
        : 24 + Math.Max(
            LetterWidth * chart.LegendTitle.Length,
            38 + NoteWidth(chart) + (LetterWidth * chart.Lines.Max(line => line.Name.Length))) + 16;

    private static double NoteWidth(LineChart chart) =>
        chart.Lines.Max(line => line.Note.Length) is > 0 and int letters ? (LetterWidth * letters) + 12 : 0;

    private static XElement Line(
        ChartLine line, ChartPoint[][] parts, int index, Func<double, double> x, Func<double, double> y) => Tag(
            "g",
            With("class", ClassOf(index)),
            Tag("title", line.Name),
            parts.Select(part => Tag(
                "polyline",
                With("class", "curve"),
                With("points", string.Join(' ', part.Select(point => Invariant($"{x(point.X):0.#},{y(point.Y):0.#}")))))),
            parts.TakeLast(1).Select(part => Tag(
                "circle", With("cx", x(part[^1].X)), With("cy", y(part[^1].Y)), With("r", 3.5))));

    private static IEnumerable<XElement> Legend(LineChart chart, double left)
    {
        yield return Text(left, Top + 4, chart.LegendTitle, "start");
        double nameLeft = left + 38 + NoteWidth(chart);
        foreach ((int i, ChartLine line) in chart.Lines.Index())
        {
            double y = Top + (LegendLine * (i + (chart.LegendTitle.Length > 0 ? 1 : 0)));
            yield return Tag(
                "g",
                With("class", ClassOf(i)),
                Tag("path", With("class", "key"), With("d", Invariant($"M{left:0.#},{y:0.#}h28"))));
            if (line.Note.Length > 0)
            {
                yield return Text(left + 38, y + 4, line.Note, "start");
            }

            yield return Text(nameLeft, y + 4, line.Name, "start");
        }
    }

    private static string Style()
    {
        string Colours(Func<(string OnLight, string OnDark), string> choose) => string.Concat(
            _colours.Select((colour, i) => $".colour{i} {{ stroke: {choose(colour)}; fill: {choose(colour)} }}\n"));

        return $$"""

            text { font: 13px system-ui, sans-serif; fill: #24292f }
            .title { font-size: 16px; font-weight: 600 }
            .start { text-anchor: start } .middle { text-anchor: middle } .end { text-anchor: end }
            .paper { fill: #ffffff } .grid { stroke: #d8dee4 }
            .curve { fill: none; stroke-width: 2; stroke-linejoin: round } .key { stroke-width: 2.5 }
            .dashed path, .dashed polyline { stroke-dasharray: 7 3 }
            {{Colours(colour => colour.OnLight)}}
            @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3 }
            .paper { fill: #0d1117 } .grid { stroke: #30363d }
            {{Colours(colour => colour.OnDark)}}}

            """.ReplaceLineEndings("\n");
    }

    // Every second line is dashed, to help where curves cross or colours look alike.
    private static string ClassOf(int index) => $"colour{index % _colours.Length}{(index % 2 == 1 ? " dashed" : "")}";

    private static XElement Text(double x, double y, string text, string style) =>
        Tag("text", With("class", style), With("x", x), With("y", y), text);

    private static XElement Tag(string name, params object[] content) => new(_svg + name, content);

    private static XAttribute With(string name, object value) =>
        new(name, value is double number ? Math.Round(number, 1) : value);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
