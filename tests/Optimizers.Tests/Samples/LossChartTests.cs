using System.Globalization;
using System.Xml.Linq;
using Digits;

namespace Optimizers.Tests.Samples;

public sealed class LossChartTests
{
    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(20)]
    [InlineData(101)]
    [InlineData(2_345)]
    public void CurvesLieInsideThePicture(int epochs)
    {
        XElement root = Draw(
            Losses(epochs, epoch => 2.3 / epoch), Losses(epochs, epoch => 100 * Math.Exp(-epoch)), Losses(epochs, _ => 0)).Root!;
        double[] viewBox = Numbers(root.Attribute("viewBox")!.Value);
        XElement[] curves = [.. root.Descendants(_svg + "polyline")];
        curves.Should().HaveCount(3);
        foreach (XElement curve in curves)
        {
            double[] points = Numbers(curve.Attribute("points")!.Value);
            points.Should().HaveCount(2 * epochs);
            points.Where((_, i) => i % 2 == 0).Should().BeInAscendingOrder().And.OnlyContain(x => x > 0 && x < viewBox[2]);
            points.Where((_, i) => i % 2 == 1).Should().OnlyContain(y => y > 0 && y < viewBox[3]);
        }
    }

    [Fact]
    public void LowerLossIsLowerInThePicture()
    {
        XElement curve = Draw(Losses(5, epoch => 1.0 / epoch)).Descendants(_svg + "polyline").Single();
        Numbers(curve.Attribute("points")!.Value).Where((_, i) => i % 2 == 1).Should().BeInAscendingOrder();
    }

    [Fact]
    public void EpochLabelsDoNotOverlap()
    {
        XDocument chart = Draw(Losses(101, epoch => 1.0 / epoch));
        chart.Descendants(_svg + "text").Where(text => text.Attribute("class")!.Value == "middle").Select(text => text.Value)
            .TakeWhile(text => text != "epoch").Should().Equal("10", "20", "30", "40", "50", "60", "70", "80", "90", "100");
    }

    [Fact]
    public void StyleHasColoursForLightAndDarkPages()
    {
        string style = Draw(Losses(3, epoch => epoch)).Descendants(_svg + "style").Single().Value;
        style.Should().Contain("@media (prefers-color-scheme: dark)");
        style.Count(letter => letter == '{').Should().Be(style.Count(letter => letter == '}'));
    }

    private static XDocument Draw(params Run[] runs) => XDocument.Parse(LossChart.Draw(runs).ToString());

    private static Run Losses(int epochs, Func<int, double> loss)
    {
        var run = new Run(Recipe.All[0], parameterCount: 1);
        run.Losses.AddRange(Enumerable.Range(1, epochs).Select(loss));
        return run;
    }

    private static double[] Numbers(string text) =>
        [.. text.Split([' ', ',']).Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
}
