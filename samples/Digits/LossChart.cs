using System.Globalization;
using System.Xml.Linq;

namespace Digits;

/// <summary>Draws the loss of each run by epoch as an SVG picture for light and dark surroundings.</summary>
internal static class LossChart
{
    private const double Width = 900;
    private const double Height = 480;
    private const double Left = 70;
    private const double Right = 610;
    private const double Top = 64;
    private const double Bottom = 424;
    private const double LegendLeft = 634;
    private const double LineHeight = 24;

    // Less than a double can tell from 1 in a softmax; a logarithm needs some floor.
    private const double SmallestLoss = 1e-16;

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

    /// <summary>Draws runs of the same number of epochs.</summary>
    public static XDocument Draw(IReadOnlyList<Run> runs)
    {
        int epochs = runs[0].Losses.Count;
        double[] ticks = LossTicks(runs);
        double X(double epoch) => epochs == 1 ? (Left + Right) / 2 : Left + ((Right - Left) * (epoch - 1) / (epochs - 1));
        double Y(double loss) =>
            Bottom - ((Bottom - Top) * Math.Log(Math.Max(loss, SmallestLoss) / ticks[0]) / Math.Log(ticks[^1] / ticks[0]));

        return new XDocument(Tag(
            "svg",
            With("viewBox", $"0 0 {Width} {Height}"),
            With("width", Width),
            With("height", Height),
            With("role", "img"),
            Tag("title", "Training loss by epoch"),
            Tag("style", Style()),
            Tag("rect", With("class", "paper"), With("width", Width), With("height", Height), With("rx", 8)),
            Text(Left, 34, "Training loss on handwritten digits", "title"),
            ticks.Select(loss => Tag("path", With("class", "grid"), With("d", Invariant($"M{Left},{Y(loss):0.#}H{Right}")))),
            ticks.Select(loss => Text(Left - 10, Y(loss) + 4, Invariant($"{loss:G4}"), "end")),
            EpochTicks(epochs).Select(epoch => Text(X(epoch), Bottom + 22, Invariant($"{epoch}"), "middle")),
            Text((Left + Right) / 2, Bottom + 44, "epoch", "middle"),
            Tag(
                "g",
                With("transform", Invariant($"translate(20 {(Top + Bottom) / 2}) rotate(-90)")),
                Text(0, 0, "mean cross-entropy in nats, log scale", "middle")),
            runs.Select((run, i) => Curve(run, i, X, Y)),
            Legend(runs)));
    }

    private static XElement Curve(Run run, int index, Func<double, double> x, Func<double, double> y)
    {
        string[] points = [.. run.Losses.Select((loss, i) => Invariant($"{x(i + 1):0.#},{y(loss):0.#}"))];
        return Tag(
            "g",
            With("class", ClassOf(index)),
            Tag("title", run.Recipe.Name),
            Tag("polyline", With("class", "curve"), With("points", string.Join(' ', points))),
            Tag("circle", With("cx", x(run.Losses.Count)), With("cy", y(run.Losses[^1])), With("r", 3.5)));
    }

    // From the highest end to the lowest, as the curves end beside it.
    private static IEnumerable<XElement> Legend(IReadOnlyList<Run> runs)
    {
        yield return Text(LegendLeft, Top + 4, "final loss", "start");
        int line = 0;
        foreach ((int index, Run run) in runs.Index().OrderByDescending(pair => pair.Item.Losses[^1]))
        {
            double y = Top + (LineHeight * ++line);
            yield return Tag(
                "g", With("class", ClassOf(index)), Tag("path", With("class", "key"), With("d", Invariant($"M{LegendLeft},{y}h28"))));
            yield return Text(LegendLeft + 38, y + 4, Invariant($"{run.Losses[^1]:F4}"), "start");
            yield return Text(LegendLeft + 94, y + 4, run.Recipe.Name, "start");
        }
    }

    // 1, 2 and 5 times powers of ten around the losses; only the powers if that makes too many.
    private static double[] LossTicks(IReadOnlyList<Run> runs)
    {
        double[] losses = [.. runs.SelectMany(run => run.Losses).Select(loss => Math.Max(loss, SmallestLoss))];
        double[] powers = [.. Enumerable.Range(-17, 30).Select(power => Math.Pow(10, power))];
        double[] fine = Around(losses, [.. powers.SelectMany(power => new[] { power, 2 * power, 5 * power })]);
        return fine.Length <= 10 ? fine : Around(losses, powers);
    }

    private static double[] Around(double[] losses, double[] ticks)
    {
        int first = Array.FindLastIndex(ticks, tick => tick <= losses.Min());
        int last = Array.FindIndex(ticks, tick => tick > losses.Max());
        return ticks[first..(last + 1)];
    }

    // The first and the last epoch, and between them multiples of a round number.
    private static IEnumerable<int> EpochTicks(int epochs)
    {
        int[] steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000, 1_000_000];
        int step = steps.FirstOrDefault(step => epochs / step <= 10, epochs);
        IEnumerable<int> multiples = Enumerable.Range(1, epochs / step).Select(i => i * step);
        return multiples
            .Where(epoch => epoch - 1 >= step / 2.0 && epochs - epoch >= step / 2.0)
            .Prepend(1)
            .Append(epochs)
            .Distinct();
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

            """;
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
