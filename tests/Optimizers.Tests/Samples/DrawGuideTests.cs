extern alias DrawGuide;

using System.Text.RegularExpressions;
using DrawGuide::DrawGuide;

namespace Optimizers.Tests.Samples;

/// <summary>The pictures of the guide, and the command that draws them.</summary>
public sealed partial class DrawGuideTests : IDisposable
{
    private readonly SampleProcess _process = new();

    public static TheoryData<string> Files() => [.. Pictures.All.Keys];

    public void Dispose() => _process.Dispose();

    [Theory]
    [Trait("Category", "Documentation")]
    [MemberData(nameof(Files))]
    public void EveryPictureOfTheGuideIsCurrent(string file)
    {
        string picture = $"{Pictures.All[file]().ToSvg()}\n";
        string committed = File.ReadAllText(Path.Combine(Folder, file));

        // Logarithms and powers of the platform may differ in the last bit, so coordinates may differ by a rounding unit.
        Numbers().Replace(committed, "#").Should().Be(
            Numbers().Replace(picture, "#"), "\"dotnet run -c Release --project samples/DrawGuide -- docs/images/guide\" draws the picture again");
        Numbers().Matches(committed).Zip(Numbers().Matches(picture))
            .Should().OnlyContain(pair => Math.Abs(Parse(pair.First) - Parse(pair.Second)) < 0.15);
    }

    [Fact]
    [Trait("Category", "Documentation")]
    public void FolderOfTheGuideHasNoOtherPictures() =>
        Directory.EnumerateFiles(Folder).Select(Path.GetFileName).Should().BeEquivalentTo(Pictures.All.Keys);

    [Fact]
    public void PictureOfTheSchedulesHasEverySchedule()
    {
        string[] titles = [.. Pictures.All["schedules.svg"]().Charts.Select(chart => chart.Title)];
        titles.Should().Contain(Catalogue.Schedules.Keys).And.Contain(nameof(FunctionSchedule)).And.OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("ravine.svg")]
    [InlineData("nesterov.svg")]
    [InlineData("rosenbrock.svg")]
    public void PathsStayInThePicture(string file)
    {
        LineChart[] surfaces = [.. Pictures.All[file]().Charts.Where(chart => chart.Contours is not null)];
        surfaces.Should().NotBeEmpty();
        foreach (LineChart chart in surfaces)
        {
            chart.Lines.SelectMany(line => line.Points).Should().OnlyContain(point =>
                point.X >= chart.XRange!.Value.Low && point.X <= chart.XRange.Value.High
                && point.Y >= chart.YRange!.Value.Low && point.Y <= chart.YRange.Value.High);
        }
    }

    [Fact]
    public void EffectiveRateOfAdaGradFallsWithTheRootOfTheSteps()
    {
        foreach (LineChart chart in Pictures.All["effective-rates.svg"]().Charts)
        {
            IReadOnlyList<ChartPoint> rates = chart.Lines.Single(line => line.Name == nameof(AdaGrad)).Points;
            rates.Should().OnlyContain(rate => Math.Abs((rate.Y * Math.Sqrt(rate.X) / rates[0].Y) - 1) < 1e-4);
        }
    }

    [Fact]
    public void FirstStepIsThirtyTimesTooLongIfOnlyTheFirstMomentIsCorrected()
    {
        IReadOnlyList<ChartLine> steps = Pictures.All["bias-correction.svg"]().Charts[^1].Lines;
        double First(string name) => steps.Single(line => line.Name == name).Points[0].Y;
        First("both corrected (Adam)").Should().BeApproximately(1, 1e-5);
        First("neither corrected").Should().BeApproximately(Math.Sqrt(10), 1e-4);
        First("only m corrected").Should().BeApproximately(Math.Sqrt(1_000), 1e-3);
    }

    [Fact]
    public void OnlyAdamWDecaysEquallyForBothGradients()
    {
        IReadOnlyList<LineChart> charts = Pictures.All["weight-decay.svg"]().Charts;
        double End(int chart, string name) => charts[chart].Lines.Single(line => line.Name == name).Points[^1].Y;
        End(0, "AdamW").Should().BeApproximately(End(1, "AdamW"), 1e-3);
        End(0, "Adam with L2").Should().BeLessThan(0.01);
        End(1, "Adam with L2").Should().BeGreaterThan(0.8);
    }

    [Fact]
    public void CommandDrawsAllPicturesIntoAFolder()
    {
        SampleResult result = _process.Run("DrawGuide", "new/folder");
        result.ExitCode.Should().Be(0, result.Error);
        foreach (string file in Pictures.All.Keys)
        {
            File.ReadAllText(_process.PathOf(Path.Combine("new", "folder", file))).Should().StartWith("<svg ").And.EndWith("</svg>\n");
        }
    }

    [Fact]
    public void CommandWithoutAFolderReportsWrongUsage()
    {
        SampleResult result = _process.Run("DrawGuide");
        result.ExitCode.Should().Be(2);
        result.Error.Should().Contain("FOLDER");
    }

    private static string Folder => Path.Combine(MarkdownPage.Root, "docs", "images", "guide");

    private static double Parse(Match number) => double.Parse(number.Value, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"-?\d+(\.\d+)?")]
    private static partial Regex Numbers();
}
