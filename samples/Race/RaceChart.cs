using System.Globalization;
using System.Xml.Linq;
using Optimizers.Charts;

namespace Race;

/// <summary>Draws the paths of the contenders and the contour lines of each surface, as one SVG picture.</summary>
internal static class RaceChart
{
    private const double Side = 300;
    private const double Gap = 46;
    private const double Below = 90;
    private const double LegendEntry = 170;
    private const double PanelTop = 74;
    private const double LegendLine = 22;
    private const int Columns = 3;

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
    ];

    public static string Draw(IReadOnlyList<Surface> surfaces, IReadOnlyList<IReadOnlyList<Descent>> descents)
    {
        int columns = Math.Min(Columns, surfaces.Count);
        int rows = (surfaces.Count + columns - 1) / columns;
        double width = Gap + (columns * (Side + Gap));
        double bottom = PanelTop + (rows * (Side + Below));
        string[] names = [.. descents[0].Select(descent => descent.Contender.Label)];
        int perLine = Math.Max(1, (int)((width - Gap) / LegendEntry));
        double height = bottom + (LegendLine * ((names.Length + perLine - 1) / perLine)) + 16;
        return Tag(
            "svg",
            With("viewBox", Invariant($"0 0 {width:0.#} {height:0.#}")),
            With("width", width),
            With("height", height),
            With("role", "img"),
            Tag("title", "Paths of optimizers on classical test surfaces"),
            Tag("style", Style()),
            Tag("rect", With("class", "paper"), With("width", width), With("height", height), With("rx", 8)),
            Text(Gap, 34, "Each optimizer at the best rate whose path stays in the picture", "title"),
            Text(Gap, 54, "○ start   × minimum   grey: contour lines", "note"),
            surfaces.Select((surface, i) => Panel(
                surface,
                descents[i],
                i,
                Gap + (i % columns * (Side + Gap)),
                PanelTop + 30 + (i / columns * (Side + Below)))),
            names.Select((name, i) => Tag(
                "g",
                With("class", ClassOf(i)),
                With("transform", Invariant($"translate({Gap + (i % perLine * LegendEntry)} {bottom + (LegendLine * (i / perLine)):0.#})")),
                Tag("path", With("class", "path"), With("d", "M0,0h28")),
                Text(36, 4, name, "name")))).ToString();
    }

    private static XElement Panel(Surface surface, IReadOnlyList<Descent> descents, int number, double left, double top)
    {
        (double Left, double Bottom, double Right, double Top) view = surface.View;
        string Place((double X, double Y) place) => Invariant($"{Right(place.X):0.#},{Down(place.Y):0.#}");
        double Right(double x) => Side * (x - view.Left) / (view.Right - view.Left);
        double Down(double y) => Side * (view.Top - y) / (view.Top - view.Bottom);
        var contour = new Contour(surface);
        return Tag(
            "g",
            With("transform", Invariant($"translate({left:0.#} {top:0.#})")),
            Ticks(view.Left, view.Right).Select(x => Tag("path", With("class", "frame"), With("d", Invariant($"M{Right(x):0.#},{Side}v5")))),
            Ticks(view.Left, view.Right).Select(x => Text(Right(x), Side + 19, Invariant($"{x}"), "below")),
            Ticks(view.Bottom, view.Top).Select(y => Tag("path", With("class", "frame"), With("d", Invariant($"M0,{Down(y):0.#}h-5")))),
            Ticks(view.Bottom, view.Top).Select(y => Text(-9, Down(y) + 4, Invariant($"{y}"), "beside")),
            Text(0, -26, surface.Name, "panel"),
            Text(0, -9, surface.Trouble, "note"),
            Tag("clipPath", With("id", $"panel{number}"), Tag("rect", With("width", Side), With("height", Side))),
            Tag(
                "g",
                With("clip-path", $"url(#panel{number})"),
                contour.Levels.Select(level => Tag(
                    "path",
                    With("class", "contour"),
                    With("d", string.Concat(contour.At(level).Select(line => $"M{string.Join('L', Straightened(line, view).Select(Place))}{(line[0] == line[^1] ? "Z" : "")}"))))),
                descents.Select((descent, i) => Tag(
                    "g",
                    With("class", ClassOf(i)),
                    Tag("title", descent.Contender.Label),
                    Tag("polyline", With("class", "path"), With("points", string.Join(' ', Visible(descent.Path, view).Select(Place)))))),
                surface.Minima.Select(minimum => Tag("path", With("class", "mark"), With("d", $"M{Place(minimum)}m-5,-5l10,10m0,-10l-10,10")))),
            Tag("path", With("class", "mark"), With("d", $"M{Place(surface.Start)}m-5,0a5,5 0 1 0 10,0a5,5 0 1 0 -10,0")),
            Tag("rect", With("class", "frame"), With("width", Side), With("height", Side)));
    }

    // Leaves out positions that lie on the straight line between others, within 0.1 units of the picture.
    private static IEnumerable<(double X, double Y)> Straightened(
        IReadOnlyList<(double X, double Y)> line, (double Left, double Bottom, double Right, double Top) view)
    {
        const double Visible = 0.1 / Side;
        return Polyline.Simplified(line, (from, to, place) => Distance(from, to, place) <= Visible);

        double Distance((double X, double Y) from, (double X, double Y) to, (double X, double Y) place)
        {
            double x = (to.X - from.X) / (view.Right - view.Left);
            double y = (to.Y - from.Y) / (view.Top - view.Bottom);
            double across = (x * (place.Y - from.Y) / (view.Top - view.Bottom)) - (y * (place.X - from.X) / (view.Right - view.Left));
            return Math.Abs(across) / Math.Max(Math.Sqrt((x * x) + (y * y)), double.Epsilon);
        }
    }

    // Multiples of 0.5, 1, 2 or 5. There are at most eight.
    private static IEnumerable<double> Ticks(double low, double high)
    {
        double step = new[] { 0.5, 1, 2, 5 }.First(candidate => (high - low) / candidate < 8);
        for (double i = Math.Ceiling(low / step); i * step <= high; i++)
        {
            yield return i * step;
        }
    }

    // Ends a path when it goes far out of the view. The picture cannot show the rest, and some viewers cannot draw it.
    private static IEnumerable<(double X, double Y)> Visible(
        IReadOnlyList<(double X, double Y)> path, (double Left, double Bottom, double Right, double Top) view)
    {
        double width = view.Right - view.Left;
        double height = view.Top - view.Bottom;
        return path.TakeWhile(place =>
            place.X > view.Left - (4 * width) && place.X < view.Right + (4 * width)
            && place.Y > view.Bottom - (4 * height) && place.Y < view.Top + (4 * height));
    }

    private static string Style()
    {
        string Colours(Func<(string OnLight, string OnDark), string> choose) => string.Concat(
            _colours.Select((colour, i) => $".colour{i} {{ stroke: {choose(colour)} }}\n"));

        return $$"""

            text { font: 13px system-ui, sans-serif; fill: #24292f; stroke: none }
            .title { font-size: 16px; font-weight: 600 } .panel { font-weight: 600 } .note { fill: #57606a }
            .below { font-size: 11px; text-anchor: middle } .beside { font-size: 11px; text-anchor: end }
            .paper { fill: #ffffff } .frame { fill: none; stroke: #d8dee4 }
            .contour { fill: none; stroke: #c3cad1; stroke-width: 0.8 }
            .path { fill: none; stroke-width: 1.8; stroke-linejoin: round }
            .dashed .path { stroke-dasharray: 7 3 }
            .mark { fill: none; stroke: #24292f; stroke-width: 1.8 }
            {{Colours(colour => colour.OnLight)}}
            @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3 } .note { fill: #9198a1 }
            .paper { fill: #0d1117 } .frame { stroke: #30363d } .contour { stroke: #3d444d } .mark { stroke: #e6edf3 }
            {{Colours(colour => colour.OnDark)}}}

            """.ReplaceLineEndings("\n");
    }

    // Every second path is dashed, so that readers can tell similar colours apart.
    private static string ClassOf(int index) => $"colour{index % _colours.Length}{(index % 2 == 1 ? " dashed" : "")}";

    private static XElement Text(double x, double y, string text, string style) =>
        Tag("text", With("class", style), With("x", x), With("y", y), text);

    private static XElement Tag(string name, params object[] content) => new(_svg + name, content);

    private static XAttribute With(string name, object value) => new(name, value is double number ? Math.Round(number, 1) : value);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
