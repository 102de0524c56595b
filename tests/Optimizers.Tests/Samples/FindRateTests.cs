extern alias FindRate;

using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FindRate::Digits;
using FindRate::FindRate;
using FindRate::Samples;

namespace Optimizers.Tests.Samples;

/// <summary>The sample FindRate, and the tables and pictures of docs/rates.md that it writes.</summary>
public sealed partial class FindRateTests : IDisposable
{
    private const string Sample = "FindRate";

    private readonly SampleProcess _process = new();

    public static TheoryData<string> Compared() => [.. DenseSweep.Recipes.Select(recipe => recipe.Name)];

    public void Dispose() => _process.Dispose();

    [Theory]
    [Trait("Category", "Documentation")]
    [MemberData(nameof(Compared))]
    public void PageShowsTheSuggestionsOfTheRangeTest(string name)
    {
        RateReport report = Prepare().Find(Recipe.All.Single(recipe => recipe.Name == name));
        string[] row = Page().Table("optimizer").Single(cells => cells[0] == name);
        row[3].Should().Be(DenseSweep.Rate(report.BySteepestDescent!.Value), "\"dotnet run --project samples/FindRate -- docs docs\" writes the page again");
        row[5].Should().Be(DenseSweep.Rate(report.ByLargestStable!.Value));
    }

    [Theory]
    [Trait("Category", "Documentation")]
    [MemberData(nameof(Compared))]
    public void TrainingAtTheLargerSuggestionLosesAtMostAFifthOfTheProgress(string name)
    {
        string[] row = Page().Table("optimizer").Single(cells => cells[0] == name);
        IReadOnlyList<string[]> dense = Page().Table("rate");
        int column = Array.IndexOf(Headings(), name);
        dense.Select(cells => cells[0]).Should().Equal(DenseSweep.Rates.Select(DenseSweep.Rate));
        string[] best = dense.Where(cells => cells[column] != "diverged").MinBy(cells => Number(cells[column]))!;
        (row[1], row[2]).Should().Be((best[0], best[column]));
        double start = Number(Page().Lines.Single(line => line.Contains("the loss after 5 epochs", StringComparison.Ordinal)).TrimEnd('.').Split(' ')[^1]);
        double larger = Number(row[3]) > Number(row[5]) ? Number(row[4]) : Number(row[6]);
        double lost = (larger - Number(row[2])) / (start - Number(row[2]));
        (Number(row[7].Split(' ')[0]) / 100).Should().BeApproximately(lost, 0.0006, "the share follows from the losses in the table");
        lost.Should().BeLessThanOrEqualTo(0.2);
    }

    [Fact]
    [Trait("Category", "Documentation")]
    public void PicturesShowTheNumbersOfThePage()
    {
        LineChart dense = DenseSweep.ChartOf(Headings()[1..], Page().Table("rate"));
        Picture("dense.svg").Should().Be($"{dense.ToSvg()}\n", "\"dotnet run --project samples/FindRate -- docs docs\" draws the picture again");

        // The last digits of computed numbers depend on the logarithm of the platform.
        Recipe shown = FindRate::FindRate.Page.Shown;
        string range = $"{RangeChart.Of(shown, Prepare().Find(shown)).ToSvg()}\n";
        Figures().Replace(range, "#").Should().Be(Figures().Replace(Picture("range.svg"), "#"));
        foreach ((Match here, Match there) in Figures().Matches(range).Zip(Figures().Matches(Picture("range.svg"))))
        {
            Number(here.Value).Should().BeApproximately(Number(there.Value), 1.001);
        }
    }

    [Fact]
    public void CommandPrintsBothSearchesAndDrawsTheRangeTest()
    {
        SampleResult result = _process.Run(Sample, "--optimizer", "lion", "--svg", "lion.svg");
        result.ExitCode.Should().Be(0);
        result.Error.Should().BeEmpty();
        result.Output.Should().NotContain("\u001b", "the output is not a terminal").And.Contain("chosen");
        string[] row = Page().Table("optimizer").Single(cells => cells[0] == "Lion");
        result.OutputLines[^1].Should().StartWith("Start with the rate ").And.ContainAll(row[3], row[5]);
        _process.Files.Should().Equal("lion.svg");
        XDocument.Load(_process.PathOf("lion.svg")).Descendants().Count(element => element.Name.LocalName == "polyline").Should().BeGreaterThanOrEqualTo(5);
    }

    [Theory]
    [InlineData("There is no optimizer \"adamx\" for --optimizer. The existing names, most similar first: Adam, AdamW, RAdam, ", "--optimizer", "adamx")]
    [InlineData("--svg must name a file in a folder that exists", "--svg", "no/such/folder.svg")]
    [InlineData("'--epochs'", "--epochs")]
    public void WrongUsageGivesAnErrorAndExitCode2(string message, params string[] arguments)
    {
        SampleResult result = _process.Run(Sample, arguments);
        result.ExitCode.Should().Be(2);
        result.Output.Should().BeEmpty();
        result.Error.Should().Contain(message);
        _process.Files.Should().BeEmpty();
    }

    [Fact]
    public void FolderWithoutThePageGivesAnErrorInOneLine()
    {
        SampleResult result = _process.Run(Sample, "docs", ".");
        result.ExitCode.Should().Be(1);
        result.Error.TrimEnd('\n').Should().Contain("rates.md").And.NotContain("\n");
        _process.Files.Should().BeEmpty();
    }

    private static MarkdownPage Page() => MarkdownPage.Read("docs/rates.md");

    private static string Picture(string name) =>
        File.ReadAllText(Path.Combine(MarkdownPage.Root, "docs", "images", "rates", name));

    private static string[] Headings() => [.. Page().Lines.Single(line => line.StartsWith("| rate |", StringComparison.Ordinal))
        .Trim('|').Split('|').Select(cell => cell.Replace("`", "", StringComparison.Ordinal).Trim())];

    private static Search Prepare() => new(DataFile.Read<Plan>("digits.json"), DigitsData.Load(DataFile.PathOf("digits.csv")));

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"-?\d+(\.\d+)?")]
    private static partial Regex Figures();
}
