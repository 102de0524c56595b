using System.Globalization;
using System.Xml.Linq;

namespace Optimizers.Tests;

/// <summary>Charts as SVG pictures and as text.</summary>
public sealed class LineChartTests
{
    private const double LetterWidth = 8.6;

    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    private static readonly Dictionary<string, LineChart> _charts = new()
    {
        ["one point"] = Chart((3, 0.25)),
        ["constant"] = Chart((0, 0.1), (1_000, 0.1)),
        ["all zero"] = Chart((0, 0), (5, 0)),
        ["negative values"] = Chart((-3, -2), (4, -1)),
        ["negative constant"] = Chart((0, -7), (4, -7)),
        ["both signs"] = Chart((0, -1e-3), (4, 2e-3)),
        ["tiny values"] = Chart((0, 3e-12), (1e6, 1e-11)),
        ["huge values"] = Chart((0, 3e12), (1L << 62, 1e13)),
        ["narrow range of y"] = Chart((0, 0.85), (1_234_567, 0.95)),
        ["fractional x"] = Chart((0.5, 1), (1.75, 2)),
        ["logarithmic y"] = Chart((1, 1e-3), (20, 3)) with { LogarithmicY = true },
        ["logarithmic y over 25 powers of ten"] = Chart((1, 1e-16), (20, 1e9)) with { LogarithmicY = true },
        ["logarithmic y with one value"] = Chart((1, 0.1), (20, 0.1)) with { LogarithmicY = true },
        ["logarithmic x"] = Chart((1e-7, 2), (1e-3, 1), (10, 5)) with { LogarithmicX = true },
        ["both axes logarithmic, x between two ticks"] = Chart((3e-3, 2), (4e-3, 1)) with { LogarithmicX = true, LogarithmicY = true },
        ["both axes logarithmic, small plot"] = Chart((1e-12, 2), (1e3, 1e9)) with { LogarithmicX = true, LogarithmicY = true, PlotWidth = 100, PlotHeight = 100 },
        ["loss over epochs"] = Chart((1, 2.3), (20, 0.028)) with { LogarithmicY = true },
        ["two adjacent doubles"] = Chart((0, 1e16), (1e17, 1e16 + 2)),
        ["close numbers with many digits"] = Chart((12_345_678_901, 12_345_678.1), (12_345_678_912, 12_345_679.3)),
        ["all doubles"] = Chart((double.MinValue, double.MinValue), (double.MaxValue, double.MaxValue)),
        ["all doubles, both axes logarithmic"] = Chart((double.Epsilon, double.Epsilon), (double.MaxValue, double.MaxValue)) with { LogarithmicX = true, LogarithmicY = true },
        ["smallest double"] = Chart((0, 0), (double.Epsilon, double.Epsilon)),
        ["fractional x, small plot"] = Chart((0.0125, 1), (0.0875, 2)) with { PlotWidth = 100, PlotHeight = 100 },
        ["both axes logarithmic, x from a power of ten"] = Chart((1e-3, 2), (3e-3, 1)) with { LogarithmicX = true, LogarithmicY = true },
        ["small plot"] = Chart((0, 1), (9_999, 2)) with { PlotWidth = 100, PlotHeight = 100 },
        ["no finite point"] = Chart((0, double.NaN), (1, double.PositiveInfinity)),
        ["no points"] = Chart(),
        ["three lines"] = new LineChart(
        [
            new ChartLine("first", [new(0, 1), new(1, 2)]) { Note = "0.123456" },
            new ChartLine("a name that is much longer than the other names", [new(0, 2), new(1, 1)]),
            new ChartLine("", [new(0, 1.5), new(1, 1.5)]),
        ])
        {
            LegendTitle = "the heading",
            Title = "A title",
            XLabel = "x in metres",
            YLabel = "y in metres",
        },
        ["40 lines"] = new LineChart([.. Enumerable.Range(0, 40).Select(i => new ChartLine($"line {i}", [new(0, i), new(1, -i)]))]),
        ["both axes logarithmic, given ranges"] = Chart((1, 1e-3), (20, 3), (1e5, 7)) with { LogarithmicX = true, LogarithmicY = true, XRange = new(0.5, 100), YRange = new(1e-2, 1) },
        ["given ranges"] = Chart((-20, -3), (0, 0.3), (1e300, 7)) with { XRange = new(-1, 4), YRange = new(0.25, 0.75) },
        ["band"] = new LineChart([new ChartLine("mean", [new(0, 1), new(10, 2)]) { Band = [new(0, 0.5, 1.5), new(10, -3, 40)] }]),
        ["equal scales"] = Chart((0, 1), (1, 3)) with { EqualScales = true },
        ["contours and marks"] = Chart((-1, 1), (1, 3)) with
        {
            Contours = new ChartContours((x, y) => x * y, [-1, 0, 1]),
            Marks = [new ChartMark("start", new(-1, 1)), new ChartMark("end", new(1, 3))],
        },
        ["long title"] = Chart((0, 1), (1, 2)) with { Title = new string('m', 120) },
    };

    public static TheoryData<string> Names() => [.. _charts.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void AllPartsAreInsideThePicture(string name)
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
            string style = text.Attribute("class")!.Value;
            double width = text.Value.Length * (style == "title" ? 11 : LetterWidth);
            double left = Number(text, "x") - (style.Split(' ')[^1] switch { "middle" => width / 2, "end" => width, _ => 0 });
            left.Should().BeGreaterThanOrEqualTo(0, $"of \"{text.Value}\"");
            (left + width).Should().BeLessThanOrEqualTo(viewBox[2], $"of \"{text.Value}\"");
            Number(text, "y").Should().BeInRange(10, viewBox[3] - 5, $"of \"{text.Value}\"");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void LabelsOfTheAxesDoNotOverlap(string name)
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
    public void TheTextHasTheGivenSize(string name)
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
    public void TheTextShowsAxesLinesAndLegend() =>
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
    public void LargerValuesAreHigherAndFurtherRight()
    {
        XElement curve = XDocument.Parse(Chart((0, 1), (1, 2), (2, 4)).ToSvg()).Descendants(_svg + "polyline").Single();
        double[] points = Numbers(curve.Attribute("points")!.Value);
        points.Where((_, i) => i % 2 == 0).Should().BeInAscendingOrder();
        points.Where((_, i) => i % 2 == 1).Should().BeInDescendingOrder();
    }

    [Fact]
    public void APointThatCannotBeDrawnLeavesAGap()
    {
        XDocument.Parse(Chart((0, 1), (1, double.NaN), (2, 2), (3, 3), (4, double.NegativeInfinity)).ToSvg())
            .Descendants(_svg + "polyline").Should().HaveCount(2);
        XDocument.Parse((Chart((-1, 1), (0, 0), (1, 0), (2, 3), (3, -1), (4, 3)) with { LogarithmicY = true }).ToSvg())
            .Descendants(_svg + "polyline").Should().HaveCount(3);
    }

    [Fact]
    public void CharactersWithAMeaningInXmlAreEscaped()
    {
        const string Name = "a < b & \"c\" > d";
        XDocument picture = XDocument.Parse(
            new LineChart([new ChartLine(Name, [new(0, 1)]), new ChartLine("e", [])]) { Title = Name, XLabel = Name, YLabel = Name }.ToSvg());
        picture.Descendants(_svg + "text").Count(text => text.Value == Name).Should().Be(4);
    }

    [Fact]
    public void TheStyleHasColoursForLightAndDarkBackgrounds()
    {
        string style = XDocument.Parse(Chart((0, 1)).ToSvg()).Descendants(_svg + "style").Single().Value;
        style.Should().Contain("@media (prefers-color-scheme: dark)");
        style.Count(letter => letter == '{').Should().Be(style.Count(letter => letter == '}'));
    }

    [Fact]
    public void AnInvalidArgumentThrowsWithItsName()
    {
        LineChart good = Chart((0, 1));
        foreach ((string argument, Func<object> make) in new (string, Func<object>)[]
                 {
                     ("lines", () => new LineChart(null!)),
                     ("lines", () => new LineChart([])),
                     ("lines", () => new LineChart([null!])),
                     ("PlotWidth", () => good with { PlotWidth = 99 }),
                     ("PlotHeight", () => good with { PlotHeight = 10_001 }),
                     ("XRange", () => good with { XRange = new ChartRange(1, 1) }),
                     ("YRange", () => good with { YRange = new ChartRange(0, double.NaN) }),
                     ("YRange", () => good with { YRange = new ChartRange(double.MinValue, double.MaxValue) }),
                     ("Marks", () => good with { Marks = null! }),
                     ("DotInterval", () => new ChartLine("a", []) { DotInterval = -1 }),
                     ("height", () => new ChartContours(null!, [])),
                     ("levels", () => new ChartContours((_, _) => 0, null!)),
                     ("levels", () => new ChartContours((_, _) => 0, [1, double.NaN])),
                     ("charts", () => new ChartGrid(null!)),
                     ("charts", () => new ChartGrid([])),
                     ("charts", () => new ChartGrid([null!])),
                     ("Columns", () => new ChartGrid([good]) { Columns = 0 }),
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
    public void APlotIncludesTheFirstAndTheLastUpdate(long steps, int points)
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

    [Fact]
    public void APropertyThatContradictsALogarithmicAxisIsReported()
    {
        LineChart range = Chart((1, 1)) with { LogarithmicX = true, XRange = new ChartRange(-2, 3) };
        range.Invoking(chart => chart.ToSvg()).Should().Throw<InvalidOperationException>().WithMessage("XRange.Low = -2 must be above 0*LogarithmicX*");
        range.Invoking(chart => chart.ToText()).Should().Throw<InvalidOperationException>();
        (Chart((1, 1)) with { LogarithmicY = true, EqualScales = true }).Invoking(chart => chart.ToSvg())
            .Should().Throw<InvalidOperationException>().WithMessage("EqualScales needs two linear axes.*");
    }

    [Fact]
    public void APathMayTurnBack()
    {
        LineChart path = Chart((0, 0), (2, 0), (2, 1), (0, 1), (0, 0.5));
        double[] points = Numbers(XDocument.Parse(path.ToSvg()).Descendants(_svg + "polyline").Single().Attribute("points")!.Value);
        (points[0], points[2], points[6]).Should().Be((points[6], points[4], points[8]));
        points[0].Should().BeLessThan(points[2]);
        string[] rows = [.. path.ToText(30, 5).Split('\n').Where(line => line.Contains('│', StringComparison.Ordinal) || line.Contains('┤', StringComparison.Ordinal))];
        rows.Select(row => row.Count(letter => letter == '*')).Should().Equal(25, 2, 2, 1, 25);
    }

    [Fact]
    public void ARangeClipsLinesBandsAndDots()
    {
        var line = new ChartLine("line", [new(-10, -10), new(0, 0), new(1, 1), new(10, 10)]) { DotInterval = 1, Band = [new(-10, -20, 0), new(10, 0, 20)] };
        var chart = new LineChart([line]) { XRange = new ChartRange(-2, 2), YRange = new ChartRange(-2, 2), PlotWidth = 200, PlotHeight = 200 };
        XElement root = XDocument.Parse(chart.ToSvg()).Root!;
        XElement curve = root.Descendants(_svg + "polyline").Single();
        const double Left = 82.4;
        Numbers(curve.Attribute("points")!.Value).Should().Equal(Left, 264, Left + 100, 164, Left + 150, 114, Left + 200, 64);
        root.Descendants(_svg + "circle").Should().HaveCount(2);
        double[] band = Numbers(root.Descendants(_svg + "polygon").Single().Attribute("points")!.Value);
        band.Where((_, i) => i % 2 == 0).Should().OnlyContain(x => x >= Left && x <= Left + 200);
        band.Where((_, i) => i % 2 == 1).Should().OnlyContain(y => y >= 64 && y <= 264);
    }

    [Fact]
    public void ABandCoversTheAreaBetweenItsEnds()
    {
        XElement root = XDocument.Parse(_charts["band"].ToSvg()).Root!;
        double[] band = Numbers(root.Descendants(_svg + "polygon").Single().Attribute("points")!.Value);
        double[] ys = [.. band.Where((_, i) => i % 2 == 1)];
        ys.Should().HaveCount(4);
        (ys[1] < ys[0] && ys[0] < ys[3] && ys[3] < ys[2]).Should().BeTrue("the corners are 1.5, 40, -3 and 0.5");
    }

    [Fact]
    public void EqualScalesShowAUnitEquallyLongOnBothAxes()
    {
        XElement root = XDocument.Parse((Chart((0, 0), (1, 3)) with { EqualScales = true }).ToSvg()).Root!;
        double[] line = Numbers(root.Descendants(_svg + "polyline").Single().Attribute("points")!.Value);
        ((line[1] - line[3]) / (line[2] - line[0])).Should().BeApproximately(3, 0.01);
    }

    [Fact]
    public void ContourLinesFollowTheHeight()
    {
        LineChart chart = Chart((0, 0)) with
        {
            XRange = new ChartRange(-2, 2),
            YRange = new ChartRange(-2, 2),
            PlotWidth = 400,
            PlotHeight = 400,
            Contours = new ChartContours((x, y) => x < -1.5 ? double.NaN : (x * x) + (y * y), [1, 9, 1.44]),
        };
        string[] paths = [.. XDocument.Parse(chart.ToSvg()).Descendants(_svg + "path")
            .Where(path => path.Attribute("class")!.Value == "contour").Select(path => path.Attribute("d")!.Value)];
        paths.Should().HaveCount(3);
        paths[1].Should().BeEmpty("no corner is as high as 9");
        foreach ((string path, double radius) in new[] { (paths[0], 100.0), (paths[2], 120.0) })
        {
            path.Count(letter => letter == 'M').Should().Be(1);
            double[] points = Numbers(path[1..]);
            points[..2].Should().Equal(points[^2..]);
            points.Chunk(2).Should().HaveCountGreaterThan(20)
                .And.OnlyContain(point => Math.Abs(Math.Sqrt(Math.Pow(point[0] - 282.4, 2) + Math.Pow(point[1] - 264, 2)) - radius) < 0.3);
        }
    }

    [Fact]
    public void TheLabelOfAMarkAvoidsTheLine()
    {
        XElement Label((double X, double Y) to) => XDocument.Parse((Chart((0, 0), to) with
        {
            Marks = [new ChartMark("start", new ChartPoint(0, 0))],
            XRange = new ChartRange(-9, 9),
            YRange = new ChartRange(-9, 9),
        }).ToSvg()).Descendants(_svg + "text").Single(text => text.Value == "start");

        XElement away = Label((-5, -5));
        XElement moved = Label((5, 5));
        away.Attribute("class")!.Value.Should().Be("label start");
        moved.Attribute("class")!.Value.Should().Be("label end");
    }

    [Fact]
    public void MinorTicksAreDrawnWhereTheyHaveRoom()
    {
        int Count(LineChart chart) => XDocument.Parse(chart.ToSvg()).Descendants(_svg + "path")
            .Where(path => path.Attribute("class")!.Value == "minor").Sum(path => path.Attribute("d")!.Value.Count(letter => letter == 'M'));

        LineChart log = Chart((1, 1), (2, 1e4)) with { LogarithmicY = true };
        Count(log).Should().Be(4 * 8);
        Count(log with { PlotHeight = 120 }).Should().Be(4 * 2, "only 2 and 5 have room");
        Count(Chart((1, 1), (1e4, 2)) with { LogarithmicX = true, PlotWidth = 120 }).Should().Be(2, "the labels are 1, 100 and 10,000");
        Count(Chart((1, 1), (2, 1e4))).Should().Be(0);
    }

    [Theory]
    [InlineData(1, "normal vision")]
    [InlineData(2, "protanopia")]
    [InlineData(3, "deuteranopia")]
    [InlineData(4, "tritanopia")]
    public void ColoursAreReadableOnBothBackgrounds(int vision, string name)
    {
        string style = XDocument.Parse(Chart((0, 1)).ToSvg()).Descendants(_svg + "style").Single().Value;
        string[] parts = style.Split("@media");
        foreach ((string part, string paper) in new[] { (parts[0], "#ffffff"), (parts[1], "#0d1117") })
        {
            part.Should().Contain($".paper {{ fill: {paper} }}");
            string[] colours = [.. Enumerable.Range(0, 10).Select(i => part.Split($".colour{i} {{ stroke: ")[1][..7])];
            colours.Should().OnlyContain(colour => ColourVision.Contrast(colour, paper) >= 3, "a line needs a contrast of 3 to 1");
            for (int i = 0; i < colours.Length; i++)
            {
                // Lines with the same dashes must differ in colour. So must the first four lines.
                for (int j = 0; j < i; j++)
                {
                    if (i % 4 == j % 4 || i < 4)
                    {
                        ColourVision.Difference(colours[i], colours[j], vision).Should().BeGreaterThan(10, $"{colours[i]} and {colours[j]}, {name}");
                    }
                }
            }
        }
    }

    private static LineChart Chart(params (double X, double Y)[] points) =>
        new([new ChartLine("line", [.. points.Select(point => new ChartPoint(point.X, point.Y))])]);

    private static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    private static double[] Numbers(string text) =>
        [.. text.Split([' ', ',']).Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
}
