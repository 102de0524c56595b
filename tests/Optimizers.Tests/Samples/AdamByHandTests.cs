extern alias AdamByHand;

using System.Globalization;
using AdamByHand::AdamByHand;

namespace Optimizers.Tests.Samples;

public sealed class AdamByHandTests : IDisposable
{
    private readonly SampleProcess _sample = new();

    public void Dispose() => _sample.Dispose();

    [Fact]
    public void OutputHasTheFinalValuesTheBiasCorrectionsAndTheLosses()
    {
        SampleResult result = _sample.Run("AdamByHand");
        result.ExitCode.Should().Be(0);
        result.Error.Should().BeEmpty();
        Rows(result).Should().Contain(
        [
            "Sgd 4.2538",
            "Momentum 2.4421",
            "Adam 4.9200",
            "1 10.0000 1.0000 0.1000 10.0000 100.0000 4.990000 4.990000",
            "1 10.000 % 0.100 %",
            "1000 100.000 % 63.230 %",
            "0 0.6883 0.6883",
            "2999 0.0625 0.0625",
        ]);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("-?")]
    public void HelpDescribesTheSample(string option)
    {
        SampleResult result = _sample.Run("AdamByHand", option);
        result.ExitCode.Should().Be(0);
        result.Error.Should().BeEmpty();
        result.Output.Should().ContainAll("steps of Adam by hand", "Usage:").And.NotContain("│");
    }

    [Fact]
    public void UnknownOptionGivesAnErrorInOneLineAndExitCode2()
    {
        SampleResult result = _sample.Run("AdamByHand", "--help-me");
        result.ExitCode.Should().Be(2);
        result.Error.TrimEnd('\n').Should().Contain("--help-me").And.NotContain("\n");
    }

    [Fact]
    public void StepsByHandAndTheLibraryAgree()
    {
        var adam = new Adam(1, new AdamOptions { LearningRate = Descent.LearningRate });
        using IEnumerator<HandStep> hand = HandStep.All().GetEnumerator();
        Descent.Run(adam, w =>
        {
            hand.MoveNext().Should().BeTrue();
            ((double)w).Should().BeApproximately(hand.Current.W, 1e-6);
            ((double)adam.State["exp_avg"][0]).Should().BeApproximately(hand.Current.M, 1e-6);
            ((double)adam.State["exp_avg_sq"][0]).Should().BeApproximately(hand.Current.V, 1e-6);
        });
        hand.MoveNext().Should().BeFalse();
    }

    private static IEnumerable<string> Rows(SampleResult result) =>
        result.OutputLines.Where(line => line.StartsWith('│'))
            .Select(line => string.Join(' ', line.Split([' ', '│'], StringSplitOptions.RemoveEmptyEntries)));
}
