using System.Globalization;
using System.Xml.Linq;

namespace Optimizers.Tests;

/// <summary>Charts, as pictures and as text.</summary>
public sealed class LineChartTests
{
    private const double LetterWidth = 8.6;

    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    private static readonly Dictionary<string, LineChart> _charts = new()
    {
        ["one point"] = Chart((3, 0.25)),
        ["a constant"] = Chart((0, 0.1), (1_000, 0.1)),
        ["nothing but 0"] = Chart((0, 0), (5, 0)),
        ["negative"] = Chart((-3, -2), (4, -1)),
        ["a negative constant"] = Chart((0, -7), (4, -7)),
        ["both signs"] = Chart((0, -1e-3), (4, 2e-3)),
        ["tiny"] = Chart((0, 3e-12), (1e6, 1e-11)),
        ["huge"] = Chart((0, 3e12), (1L << 62, 1e13)),
        ["narrow"] = Chart((0, 0.85), (1_234_567, 0.95)),
        ["fractions to the right"] = Chart((0.5, 1), (1.75, 2)),
        ["log"] = Chart((1, 1e-3), (20, 3)) with { LogarithmicY = true },
        ["log over many powers"] = Chart((1, 1e-16), (20, 1e9)) with { LogarithmicY = true },
        ["log of one value"] = Chart((1, 0.1), (20, 0.1)) with { LogarithmicY = true },
        ["log to the right"] = Chart((1e-7, 2), (1e-3, 1), (10, 5)) with { LogarithmicX = true },
        ["log to the right, between two ticks"] = Chart((3e-3, 2), (4e-3, 1)) with { LogarithmicX = true, LogarithmicY = true },
        ["log to the right, small"] = Chart((1e-12, 2), (1e3, 1e9)) with { LogarithmicX = true, LogarithmicY = true, PlotWidth = 100, PlotHeight = 100 },
        ["epochs"] = Chart((1, 2.3), (20, 0.028)) with { LogarithmicY = true },
        ["one number in two"] = Chart((0, 1e16), (1e17, 1e16 + 2)),
        ["neighbours"] = Chart((12_345_678_901, 12_345_678.1), (12_345_678_912, 12_345_679.3)),
        ["everything"] = Chart((double.MinValue, double.MinValue), (double.MaxValue, double.MaxValue)),
        ["everything, log"] = Chart((double.Epsilon, double.Epsilon), (double.MaxValue, double.MaxValue)) with { LogarithmicX = true, LogarithmicY = true },
        ["the smallest"] = Chart((0, 0), (double.Epsilon, double.Epsilon)),
        ["fractions to the right, small"] = Chart((0.0125, 1), (0.0875, 2)) with { PlotWidth = 100, PlotHeight = 100 },
        ["log to the right, a power"] = Chart((1e-3, 2), (3e-3, 1)) with { LogarithmicX = true, LogarithmicY = true },
        ["small"] = Chart((0, 1), (9_999, 2)) with { PlotWidth = 100, PlotHeight = 100 },
        ["nothing finite"] = Chart((0, double.NaN), (1, double.PositiveInfinity)),
        ["no points"] = Chart(),
        ["several"] = new LineChart(
        [
            new ChartLine("first", [new(0, 1), new(1, 2)]) { Note = "0.123456" },
            new ChartLine("a name that is a good deal longer than the others", [new(0, 2), new(1, 1)]),
            new ChartLine("", [new(0, 1.5), new(1, 1.5)]),
        ])
        {
            LegendTitle = "what they are",
            Title = "A title",
            XLabel = "x in metres",
            YLabel = "y in metres",
        },
        ["many"] = new LineChart([.. Enumerable.Range(0, 40).Select(i => new ChartLine($"line {i}", [new(0, i), new(1, -i)]))]),
        ["a long title"] = Chart((0, 1), (1, 2)) with { Title = new string('m', 120) },
    };

    public static TheoryData<string> Names() => [.. _charts.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void EverythingLiesInsideThePicture(string name)
    {
        XElement root = XDocument.Parse(_charts[name].ToSvg()).Root!;
        double[] viewBox = Numbers(root.Attribute("viewBox")!.Value);
        foreach (XElement curve in root.Descendants(_svg + "polyline"))
        {
            double[] points = Numbers(curve.Attribute("points")!.Value);
            points.Where((_, i) => i % 2 == 0).Should().BeInAscendingOrder().And.OnlyContain(x => x > 0 && x < viewBox[2]);
            points.Where((_, i) => i % 2 == 1).Should().OnlyContain(y => y > 0 && y < viewBox[3]);
        }

        foreach (XElement text in root.Descendants(_svg + "text").Where(text => text.Parent == root))
        {
            double width = text.Value.Length * (text.Attribute("class")!.Value == "title" ? 11 : LetterWidth);
            double left = Number(text, "x") - (text.Attribute("class")!.Value switch { "middle" => width / 2, "end" => width, _ => 0 });
            left.Should().BeGreaterThanOrEqualTo(0, $"of \"{text.Value}\"");
            (left + width).Should().BeLessThanOrEqualTo(viewBox[2], $"of \"{text.Value}\"");
            Number(text, "y").Should().BeInRange(10, viewBox[3] - 5, $"of \"{text.Value}\"");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void LabelsOfTheAxesKeepApart(string name)
    {
        XElement root = XDocument.Parse(_charts[name].ToSvg()).Root!;
        (double Left, double Right)[] below = [.. root.Elements(_svg + "text")
            .Where(text => text.Attribute("class")!.Value == "middle" && text.Value.Length > 0)
            .GroupBy(text => Number(text, "y")).First()
            .Select(text => (Number(text, "x") - (LetterWidth * text.Value.Length / 2), Number(text, "x") + (LetterWidth * text.Value.Length / 2)))
            .Order()];
        below.Should().HaveCountLessThan(13);
        for (int i = 1; i < below.Length; i++)
        {
            below[i].Left.Should().BeGreaterThan(below[i - 1].Right);
        }

        double[] beside = [.. root.Elements(_svg + "text").Where(text => text.Attribute("class")!.Value == "end")
            .Select(text => Number(text, "y")).Order()];
        beside.Should().HaveCountGreaterThan(1).And.HaveCountLessThan(14);
        for (int i = 1; i < beside.Length; i++)
        {
            (beside[i] - beside[i - 1]).Should().BeGreaterThan(11);
        }

        below.Should().HaveCountGreaterThan(name == "one point" || name.StartsWith("no", StringComparison.Ordinal) ? 0 : 1);

        root.Elements(_svg + "text").Where(text => text.Attribute("class")!.Value == "end").Select(text => text.Value)
            .Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TheTextKeepsToItsColumns(string name)
    {
        foreach ((int columns, int rows) in new[] { (30, 4), (76, 14), (200, 50) })
        {
            string[] lines = _charts[name].ToText(columns, rows).Split('\n');
            lines.Count(line => line.Contains('│', StringComparison.Ordinal) || line.Contains('┤', StringComparison.Ordinal))
                .Should().Be(rows);
            lines.Where(line => "│┤└".Any(line.Contains)).Should().OnlyContain(line => line.Length <= columns);
        }
    }

    [Fact]
    public void ATextIsWhatItWas() =>
        new LineChart([new ChartLine("up", [new(0, 0), new(10, 1)]) { Note = "0.5" }, new ChartLine("down", [new(0, 1), new(4, 1), new(5, 0), new(10, 0)])])
        {
            Title = "Two",
            XLabel = "update",
            YLabel = "rate",
        }.ToText(columns: 36, rows: 6).Should().Be("""
                 Two
                 rate
            1.0 ┤ooooooooooooo              ****
            0.8 ┤             o        *****
            0.6 ┤             o *******
            0.4 ┤          ****o
            0.2 ┤   *******     o
              0 ┤***            oooooooooooooooo
                └───────────────────────────────
                 0  1  2  3  4  5  6  7  8  9 10
                             update
                 * 0.5 up
                 o down
            """.ReplaceLineEndings("\n"));

    [Fact]
    public void HigherIsHigherAndMoreIsFurtherRight()
    {
        XElement curve = XDocument.Parse(Chart((0, 1), (1, 2), (2, 4)).ToSvg()).Descendants(_svg + "polyline").Single();
        double[] points = Numbers(curve.Attribute("points")!.Value);
        points.Where((_, i) => i % 2 == 0).Should().BeInAscendingOrder();
        points.Where((_, i) => i % 2 == 1).Should().BeInDescendingOrder();
    }

    [Fact]
    public void AGapIsLeftWhereThereIsNoPlaceForAPoint()
    {
        XDocument.Parse(Chart((0, 1), (1, double.NaN), (2, 2), (3, 3), (4, double.NegativeInfinity)).ToSvg())
            .Descendants(_svg + "polyline").Should().HaveCount(2);
        XDocument.Parse((Chart((-1, 1), (0, 0), (1, 0), (2, 3), (3, -1), (4, 3)) with { LogarithmicY = true }).ToSvg())
            .Descendants(_svg + "polyline").Should().HaveCount(3);
    }

    [Fact]
    public void WhatXmlHasOtherUsesForIsSpelledOut()
    {
        const string Name = "a < b & \"c\" > d";
        XDocument picture = XDocument.Parse(
            new LineChart([new ChartLine(Name, [new(0, 1)]), new ChartLine("e", [])]) { Title = Name, XLabel = Name, YLabel = Name }.ToSvg());
        picture.Descendants(_svg + "text").Count(text => text.Value == Name).Should().Be(4);
    }

    [Fact]
    public void TheStyleServesLightAndDarkSurroundings()
    {
        string style = XDocument.Parse(Chart((0, 1)).ToSvg()).Descendants(_svg + "style").Single().Value;
        style.Should().Contain("@media (prefers-color-scheme: dark)");
        style.Count(letter => letter == '{').Should().Be(style.Count(letter => letter == '}'));
    }

    [Fact]
    public void WhatMakesNoSenseIsRefused()
    {
        LineChart good = Chart((0, 1));
        foreach ((string argument, Func<object> make) in new (string, Func<object>)[]
                 {
                     ("lines", () => new LineChart(null!)),
                     ("lines", () => new LineChart([])),
                     ("lines", () => new LineChart([null!])),
                     ("PlotWidth", () => good with { PlotWidth = 99 }),
                     ("PlotHeight", () => good with { PlotHeight = 10_001 }),
                     ("columns", () => good.ToText(columns: 29)),
                     ("rows", () => good.ToText(rows: 3)),
                     ("steps", () => SchedulePlot.Of(0, new Constant(1))),
                     ("schedule", () => SchedulePlot.Of(1, (ILrSchedule)null!)),
                     ("schedules", () => SchedulePlot.Of(1, ("a", null!))),
                     ("schedules", () => SchedulePlot.Of(1, (null!, new Constant(1)))),
                     ("lines", () => SchedulePlot.Of(1)),
                 })
        {
            FluentActions.Invoking(make).Should().Throw<ArgumentException>().WithParameterName(argument);
        }
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(777, 778)]
    [InlineData(1_000_000, 1_001)]
    [InlineData(long.MaxValue, 1_001)]
    public void APlotAsksForTheFirstAndTheLastUpdate(long steps, int points)
    {
        var asked = new List<long>();
        LineChart chart = SchedulePlot.Of(steps, new FunctionSchedule(k =>
        {
            asked.Add(k);
            return 1;
        }));
        asked.Should().HaveCount(points).And.StartWith([0L]).And.EndWith([steps]).And.BeInAscendingOrder().And.OnlyHaveUniqueItems();
        chart.XLabel.Should().Be("update");
        chart.Lines.Single().Points[^1].Should().Be(new ChartPoint(steps, 1));
    }

    private static LineChart Chart(params (double X, double Y)[] points) =>
        new([new ChartLine("line", [.. points.Select(point => new ChartPoint(point.X, point.Y))])]);

    private static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    private static double[] Numbers(string text) =>
        [.. text.Split([' ', ',']).Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
}
