namespace Optimizers.Charts;

/// <summary>The style sheet of the SVG pictures.</summary>
/// <remarks>
/// The first colours follow the palette of Okabe and Ito, "Color Universal Design" (2008), in darker shades for light
/// backgrounds. Lines also differ by their dashes, so that a picture is readable without colour.
/// </remarks>
internal static class SvgStyle
{
    private static readonly (string OnLight, string OnDark)[] _colours =
    [
        ("#0072b2", "#56b4e9"),
        ("#d55e00", "#ff8f3d"),
        ("#008a64", "#2fd0a0"),
        ("#b8558f", "#f0a3cb"),
        ("#8a6d00", "#f0e442"),
        ("#2a93cc", "#8ab4ff"),
        ("#5b6570", "#a8b1ba"),
        ("#111111", "#ffffff"),
        ("#7a3e00", "#d9a066"),
        ("#6a4fc4", "#9d6bff"),
    ];

    // The first line is solid. The others are long dashes, dots, and dashes with dots.
    private static readonly string[] _dashes = ["none", "8 4", "2 3", "9 3 2 3"];

    /// <summary>The style sheet. The viewer's setting selects the light or the dark part.</summary>
    public static string Text { get; } = $$"""

        text { font: 13px system-ui, sans-serif; fill: #24292f }
        .title { font-size: 16px; font-weight: 600 } .panel { font-weight: 600 } .subtitle { fill: #57606a }
        .start { text-anchor: start } .middle { text-anchor: middle } .end { text-anchor: end }
        .paper { fill: #ffffff } .grid { stroke: #d8dee4 } .minor { fill: none; stroke: #a8b1ba }
        .curve { fill: none; stroke-width: 2; stroke-linejoin: round } .key { stroke-width: 2.5 }
        .band { stroke: none; fill-opacity: 0.2 }
        .contour { fill: none; stroke: #c3cad1; stroke-width: 0.8 } .frame { fill: none; stroke: #d8dee4 }
        .mark { fill: none; stroke: #24292f; stroke-width: 1.8 }
        .label { stroke: #ffffff; stroke-width: 4; stroke-linejoin: round; paint-order: stroke }
        {{Dashes()}}{{Colours(colour => colour.OnLight)}}@media (prefers-color-scheme: dark) {
        text { fill: #e6edf3 } .subtitle { fill: #9198a1 }
        .paper { fill: #0d1117 } .grid { stroke: #30363d } .minor { stroke: #57606a }
        .contour { stroke: #3d444d } .frame { stroke: #30363d } .mark { stroke: #e6edf3 } .label { stroke: #0d1117 }
        {{Colours(colour => colour.OnDark)}}}

        """.ReplaceLineEndings("\n");

    /// <summary>The classes of the line with this index. Colours and dashes repeat at different intervals.</summary>
    public static string ClassOf(int index)
    {
        int dash = index % _dashes.Length;
        return $"colour{index % _colours.Length}{(dash > 0 ? $" dash{dash}" : "")}";
    }

    private static string Dashes() => string.Concat(
        _dashes.Index().Skip(1).Select(dash => $".dash{dash.Index} path, .dash{dash.Index} polyline {{ stroke-dasharray: {dash.Item} }}\n"));

    private static string Colours(Func<(string OnLight, string OnDark), string> choose) => string.Concat(
        _colours.Index().Select(colour => $".colour{colour.Index} {{ stroke: {choose(colour.Item)}; fill: {choose(colour.Item)} }}\n"));
}
