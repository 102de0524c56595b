using System.Xml.Linq;
using Digits;

namespace Optimizers.Tests.Samples;

public sealed class DigitsCommandLineTests : IDisposable
{
    private readonly SampleProcess _sample = new();

    public void Dispose() => _sample.Dispose();

    [Theory]
    [InlineData("There is no optimizer \"adamx\" for --optimizer. The existing names, most similar first: Adam, AdamW, RAdam, ", "--optimizer", "adamx")]
    [InlineData("--epochs must be a whole number from 1 ", "--epochs", "0")]
    [InlineData("--epochs must be a whole number from 1 ", "--epochs", "-3")]
    [InlineData("--epochs must be a whole number from 1 ", "--epochs", "2.5")]
    [InlineData("--epochs must be a whole number from 1 ", "--epochs", "many")]
    [InlineData("--threads must be a whole number from 0 ", "--threads", "-1")]
    [InlineData("--svg must name a file in a folder that exists", "--svg", "no/such/folder.svg")]
    [InlineData("--svg must name a file in a folder that exists", "--svg", ".")]
    [InlineData("'--epochs'", "--epochs")]
    [InlineData("'--epoch'", "--epoch", "3")]
    [InlineData("'Adam'", "Adam")]
    public void WrongValueGivesAnErrorInOneLineAndExitCode2(string message, params string[] arguments)
    {
        SampleResult result = _sample.Run("Digits", arguments);
        result.ExitCode.Should().Be(2);
        result.Output.Should().BeEmpty();
        result.Error.Should().EndWith("\n").And.Contain(message);
        result.Error.TrimEnd('\n').Should().NotContain("\n");
        _sample.Files.Should().BeEmpty();
    }

    [Fact]
    public void HelpNamesEveryOptionAndOptimizer()
    {
        SampleResult result = _sample.Run("Digits", "--help");
        result.ExitCode.Should().Be(0);
        result.Error.Should().BeEmpty();
        result.Output.Should().ContainAll("--optimizer", "--epochs", "--threads", "--svg", "--quiet", "--help");
        result.Output.Should().ContainAll(Recipe.All.Select(recipe => recipe.Name));
    }

    [Fact]
    public void QuietPrintsOnlyTheRecordedAccuracy()
    {
        SampleResult result = _sample.Run("Digits", "--quiet", "--optimizer", "adamw+warmupcosine");
        result.Should().Be(new SampleResult(0, $"test accuracy: 0.9780{Environment.NewLine}", ""));
        _sample.Files.Should().Equal("digits-loss.svg");
    }

    [Fact]
    public void EachRunHasARowAndACurveAndTheLastLineIsTheAccuracyOfTheLastRun()
    {
        SampleResult result = _sample.Run("Digits", "--epochs", "2", "--threads", "1", "--svg", "chart.svg");
        result.ExitCode.Should().Be(0);
        result.Error.Should().BeEmpty();
        result.Output.Should().NotContain("\u001b", "the output is not a terminal");
        result.OutputLines.Where(line => line.StartsWith('│')).Skip(2).Select(line => line.Split('│')[1].Trim())
            .Should().Equal(Recipe.All.Select(recipe => recipe.Name));
        result.OutputLines[^1].Should().MatchRegex(@"^test accuracy: 0\.\d{4}$");
        result.OutputLines.Last(line => line.StartsWith('│')).Split('│')[3].Trim()
            .Should().Be(result.OutputLines[^1].Split(' ')[^1]);
        _sample.Files.Should().Equal("chart.svg");
        XDocument.Load(_sample.PathOf("chart.svg")).Descendants().Where(element => element.Name.LocalName == "polyline")
            .Should().HaveCount(Recipe.All.Count);
    }

    [Fact]
    public void LinkToAMissingFolderGivesAnErrorInOneLine()
    {
        string chart = _sample.PathOf("chart.svg");
        File.CreateSymbolicLink(chart, _sample.PathOf("no/such/folder.svg"));
        SampleResult result = _sample.Run("Digits", "--quiet", "--optimizer", "Sgd", "--epochs", "1", "--svg", chart);
        result.ExitCode.Should().Be(2);
        result.Output.Should().BeEmpty();
        result.Error.TrimEnd('\n').Should().Contain("chart.svg").And.NotContain("\n");
    }
}
