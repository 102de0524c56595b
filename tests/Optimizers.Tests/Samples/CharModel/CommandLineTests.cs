namespace Optimizers.Tests.Samples.CharModel;

public sealed class CommandLineTests : IDisposable
{
    private readonly SampleProcess _sample = new();

    public CommandLineTests()
    {
        File.WriteAllText(_sample.PathOf("text.txt"), SmallRun.Text);
        File.WriteAllText(_sample.PathOf("short.txt"), "To be, or not");
        File.WriteAllBytes(_sample.PathOf("binary"), [0x54, 0x6F, 0xC3, 0x28]);
    }

    public void Dispose() => _sample.Dispose();

    [Theory]
    [InlineData("--steps must be a whole number from 1 ", "--steps", "0")]
    [InlineData("--batch must be a whole number from 1 to 1024", "--batch", "1025")]
    [InlineData("--context must be a whole number from 1 ", "--context", "-4")]
    [InlineData("--width must be a whole number from 1 ", "--width", "2.5")]
    [InlineData("--width must be a multiple of --heads, but is 10 with 3 heads", "--width", "10", "--heads", "3")]
    [InlineData("--layers must be a whole number from 1 to 64", "--layers", "many")]
    [InlineData("--heads must be a whole number from 1 ", "--heads", "0")]
    [InlineData("--rate must be a number from 0 to 1", "--rate", "NaN")]
    [InlineData("--rate must be a number from 0 to 1", "--rate", "2")]
    [InlineData("--seed must be a whole number from 0 ", "--seed", "-1")]
    [InlineData("--sample must be a whole number from 0 ", "--sample", "-1")]
    [InlineData("--temperature must be a number from 0 ", "--temperature", "-0.1")]
    [InlineData("--threads must be a whole number from 0 ", "--threads", "-1")]
    [InlineData("--every must be a whole number from 1 ", "--every", "0", "--checkpoint", "run")]
    [InlineData("--every needs --checkpoint FILE", "--every", "5")]
    [InlineData("--resume needs --checkpoint FILE", "--resume")]
    [InlineData("--resume needs a checkpoint, but \"run\" does not exist", "--resume", "--checkpoint", "run")]
    [InlineData("--checkpoint \"text.txt\" exists: continue from it with --resume", "--checkpoint", "text.txt")]
    [InlineData("--checkpoint must name a file in a folder that exists", "--checkpoint", "no/such/run")]
    [InlineData("--checkpoint must name a file in a folder that exists", "--checkpoint", ".")]
    [InlineData("--data must name an existing file", "--data", "nothing.txt")]
    [InlineData("is not a UTF-8 text", "--data", "binary")]
    [InlineData("The text has 13 characters; with --context 64 it needs 650", "--data", "short.txt")]
    [InlineData("is not a safetensors file", "--data", "text.txt", "--context", "4", "--checkpoint", "text.txt", "--resume")]
    [InlineData("The model takes 3,4", "--width", "1024", "--heads", "8", "--layers", "64", "--context", "4096", "--batch", "1024")]
    [InlineData("'--step'", "--step", "3")]
    [InlineData("'Hamlet'", "Hamlet")]
    public void WrongValueGivesAnErrorInOneLineAndExitCode2(string message, params string[] arguments)
    {
        SampleResult result = _sample.Run("CharModel", arguments);
        result.ExitCode.Should().Be(2, result.Error);
        result.Output.Should().BeEmpty();
        result.Error.Should().EndWith("\n").And.Contain(message);
        result.Error.TrimEnd('\n').Should().NotContain("\n");
        _sample.Files.Should().BeEquivalentTo("text.txt", "short.txt", "binary");
    }

    [Fact]
    public void HelpNamesEveryOption()
    {
        SampleResult result = _sample.Run("CharModel", "--help");
        result.ExitCode.Should().Be(0);
        result.Error.Should().BeEmpty();
        result.Output.Should().ContainAll(
            "--steps", "--batch", "--context", "--width", "--layers", "--heads", "--rate", "--seed", "--data", "--checkpoint",
            "--every", "--resume", "--sample", "--temperature", "--threads", "--quiet", "--help");
    }

    [Fact]
    public void QuietPrintsOnlyTheLoss()
    {
        SampleResult result = _sample.Run("CharModel", SmallRun.Arguments("--quiet"));
        result.ExitCode.Should().Be(0, result.Error);
        result.Output.Should().MatchRegex(@"^validation loss: \d\.\d{4}\r?\n$");
        result.Error.Should().BeEmpty();
    }

    [Fact]
    public void OutputHasALineForEachMeasurementAndThenTheText()
    {
        SampleResult result = _sample.Run("CharModel", SmallRun.Arguments("--sample", "30", "--temperature", "0"));
        result.ExitCode.Should().Be(0, result.Error);
        result.Error.Should().BeEmpty();
        result.Output.Should().NotContain("\u001b", "the output is not a terminal");
        result.OutputLines.Where(line => line.StartsWith("step", StringComparison.Ordinal)).Should().HaveCount(20).And.OnlyContain(
            line => System.Text.RegularExpressions.Regex.IsMatch(
                line, @"^step +\d+  loss \d\.\d{3}  validation \d\.\d{3}  rate \d\.\de-\d  norm \d+\.\d\d  [\d,]+ tokens/s$"));
        SmallRun.WeightsHashIn(result).Should().MatchRegex("^[0-9a-f]{64}$");
        result.OutputLines[^1].Should().MatchRegex(@"^validation loss: \d\.\d{4}$");
    }
}
