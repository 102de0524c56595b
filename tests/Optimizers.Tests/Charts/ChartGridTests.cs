using System.Globalization;
using System.Xml.Linq;

namespace Optimizers.Tests;

/// <summary>Several charts in one picture.</summary>
public sealed class ChartGridTests
{
    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    private static readonly LineChart _one = new([Line("a", 1), Line("b", 2)]) { Title = "One", PlotWidth = 200, PlotHeight = 100, XLabel = "x", YLabel = "y" };

    private static readonly LineChart _other = new([Line("b", 30_000), Line("a", 10_000)]) { Title = "Other", PlotWidth = 100, PlotHeight = 150 };

    private static readonly LineChart _third = new([Line("c", 3)]) { Title = "A third one whose title is far wider than its plot", PlotWidth = 100, PlotHeight = 100 };

    private static readonly Dictionary<string, ChartGrid> _grids = new()
    {
        ["one chart"] = new ChartGrid([_one]),
        ["two columns"] = new ChartGrid([_one, _other, _third]) { Title = "Three", Subtitle = "of different sizes" },
        ["one column"] = new ChartGrid([_one, _other, _third]) { Columns = 1, Subtitle = "A subtitle that is far wider than all the plots of this picture are together" },
        ["the same lines"] = new ChartGrid([_one, _other]) { Title = "A title that is far wider than both of its plots together" },
        ["more columns than charts"] = new ChartGrid([_one, _third]) { Columns = 7 },
    };

    public static TheoryData<string> Names() => [.. _grids.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void AllPartsAreInsideThePicture(string name)
    {
        XElement root = Draw(_grids[name]);
        (double width, double height) = (Number(root, "width"), Number(root, "height"));
        foreach ((double left, double top, double right, double bottom) in Boxes(root))
        {
            left.Should().BeGreaterThanOrEqualTo(0);
            top.Should().BeGreaterThanOrEqualTo(0);
            right.Should().BeLessThanOrEqualTo(width);
            bottom.Should().BeLessThanOrEqualTo(height);
        }

        double[] coordinates = [.. root.Descendants(_svg + "polyline").SelectMany(curve => curve.Attribute("points")!.Value.Split([' ', ',']))
            .Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        coordinates.Where((_, i) => i % 2 == 0).Should().OnlyContain(x => x > 0 && x < width);
        coordinates.Where((_, i) => i % 2 == 1).Should().OnlyContain(y => y > 0 && y < height);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TextsDoNotOverlap(string name)
    {
        (double Left, double Top, double Right, double Bottom)[] boxes = [.. Boxes(Draw(_grids[name]))];
        for (int i = 0; i < boxes.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                (boxes[i].Left < boxes[j].Right && boxes[j].Left < boxes[i].Right && boxes[i].Top < boxes[j].Bottom && boxes[j].Top < boxes[i].Bottom)
                    .Should().BeFalse($"the boxes {boxes[i]} and {boxes[j]} belong to different texts");
            }
        }
    }

    [Fact]
    public void ChartsAreInRowsAndColumns()
    {
        XElement root = Draw(_grids["two columns"]);
        XElement one = TextOf(root, "One");
        XElement other = TextOf(root, "Other");
        XElement third = TextOf(root, _third.Title);
        (Number(one, "y") == Number(other, "y") && Number(one, "x") < Number(other, "x")).Should().BeTrue();
        (Number(one, "x") == Number(third, "x") && Number(one, "y") < Number(third, "y")).Should().BeTrue();
    }

    [Fact]
    public void LinesWithTheSameNameHaveTheSameColour()
    {
        XElement[] lines = [.. Draw(_grids["two columns"]).Elements(_svg + "g").Where(group => group.Element(_svg + "polyline") is not null)];
        lines.Select(line => (line.Element(_svg + "title")!.Value, line.Attribute("class")!.Value.Split(' ')[0]))
            .Should().Equal(("a", "colour0"), ("b", "colour1"), ("b", "colour1"), ("a", "colour0"), ("c", "colour2"));
    }

    [Theory]
    [InlineData("the same lines", 2)]
    [InlineData("two columns", 4)]
    [InlineData("one chart", 2)]
    public void LegendSharedByAllChartsIsDrawnOnce(string name, int keys) =>
        Draw(_grids[name]).Descendants(_svg + "path").Count(path => path.Attribute("class")!.Value == "key").Should().Be(keys);

    private static XElement Draw(ChartGrid grid) => XDocument.Parse(grid.ToSvg()).Root!;

    private static XElement TextOf(XElement root, string text) => root.Elements(_svg + "text").Single(element => element.Value == text);

    // The boxes of the texts that are not rotated. The layout uses the same estimate of the width of a letter.
    private static IEnumerable<(double Left, double Top, double Right, double Bottom)> Boxes(XElement root) =>
        root.Elements(_svg + "text").Where(text => text.Value.Length > 0).Select(text =>
        {
            string style = text.Attribute("class")!.Value;
            double width = text.Value.Length * (style == "title" ? 11 : 8.6);
            double left = Number(text, "x") - (style switch { "middle" => width / 2, "end" => width, _ => 0 });
            return (left, Number(text, "y") - 9, left + width, Number(text, "y") + 2);
        });

    private static ChartLine Line(string name, double end) => new(name, [new(0, 0), new(1, end)]);

    private static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
}
