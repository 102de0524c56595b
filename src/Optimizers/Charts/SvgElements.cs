using System.Globalization;
using System.Xml.Linq;

namespace Optimizers.Charts;

/// <summary>Creates the elements of an SVG picture.</summary>
internal static class SvgElements
{
    // Estimates of the width of a letter. They are on the wide side, because the font of the viewer is unknown.
    public const double LetterWidth = 8.6;
    public const double TitleLetterWidth = 11;

    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    public static string Document(double width, double height, string title, params object[] content) => Tag(
        "svg",
        With("viewBox", Invariant($"0 0 {width:0.#} {height:0.#}")),
        With("width", width),
        With("height", height),
        With("role", "img"),
        Tag("title", title),
        Tag("style", SvgStyle.Text),
        Tag("rect", With("class", "paper"), With("width", width), With("height", height), With("rx", 8)),
        content).ToString();

    public static XElement Text(double x, double y, string text, string style) =>
        Tag("text", With("class", style), With("x", x), With("y", y), text);

    /// <summary>A short piece of the line with this index, for a legend.</summary>
    public static XElement Key(double x, double y, int index) => Tag(
        "g",
        With("class", SvgStyle.ClassOf(index)),
        Tag("path", With("class", "key"), With("d", Invariant($"M{x:0.#},{y:0.#}h28"))));

    public static XElement Tag(string name, params object[] content) => new(_svg + name, content);

    public static XAttribute With(string name, object value) => new(name, value is double number ? Math.Round(number, 1) : value);

    public static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public static string Coordinates(IEnumerable<ChartPoint> points) =>
        string.Join(' ', points.Select(point => Invariant($"{point.X:0.#},{point.Y:0.#}")));
}
