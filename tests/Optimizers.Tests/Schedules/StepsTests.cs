using System.Numerics;

namespace Optimizers.Tests;

/// <summary>Numbers of updates, computed from epochs, samples and tokens.</summary>
public sealed class StepsTests
{
    [Theory]
    [InlineData(1, 1, false, 1)]
    [InlineData(100, 32, false, 4)]
    [InlineData(100, 32, true, 3)]
    [InlineData(96, 32, false, 3)]
    [InlineData(96, 32, true, 3)]
    [InlineData(5, 32, false, 1)]
    [InlineData(1_281_167, 256, false, 5_005)]
    [InlineData(1_281_167, 256, true, 5_004)]
    [InlineData(long.MaxValue, 1, false, long.MaxValue)]
    [InlineData(long.MaxValue, 2, false, (1L << 62))]
    [InlineData(long.MaxValue, long.MaxValue, true, 1)]
    public void UpdatesPerEpoch(long samples, long batchSize, bool dropLast, long expected) =>
        Steps.PerEpoch(samples, batchSize, dropLast).Should().Be(expected);

    [Theory]
    [InlineData(0, 100, 32, 0)]
    [InlineData(3, 100, 32, 12)]
    [InlineData(0.5, 100, 32, 2)]
    [InlineData(2.625, 100, 32, 11)]
    [InlineData(0.1, 30, 1, 3)]
    [InlineData(90, 1_281_167, 256, 450_450)]
    [InlineData(3, (1L << 60) + 1, 1, (3L << 60) + 3)]
    public void UpdatesOfEpochs(double epochs, long samples, long batchSize, long expected) =>
        Steps.FromEpochs(epochs, samples, batchSize).Should().Be(expected);

    [Theory]
    [InlineData(0, 7, 3, 0)]
    [InlineData(21, 7, 3, 1)]
    [InlineData(22, 7, 3, 2)]
    [InlineData(300_000_000_000, 512, 2_048, 286_103)]
    [InlineData(long.MaxValue, long.MaxValue, long.MaxValue, 1)]
    [InlineData(long.MaxValue, 1, 1, long.MaxValue)]
    public void UpdatesOfTokens(long tokens, long batchSize, long contextLength, long expected)
    {
        Steps.FromTokens(tokens, batchSize, contextLength).Should().Be(expected);
        (new BigInteger(expected) * batchSize * contextLength).Should().BeGreaterThanOrEqualTo(tokens);
    }

    [Theory]
    [InlineData(0, 5, 0)]
    [InlineData(11, 5, 3)]
    [InlineData(long.MaxValue, 1, long.MaxValue)]
    public void UpdatesOfSamples(long samples, long batchSize, long expected) =>
        Steps.FromSamples(samples, batchSize).Should().Be(expected);

    [Theory]
    [InlineData(0, 1_000, 0)]
    [InlineData(0.03, 1_000, 30)]
    [InlineData(0.5, 5, 3)]
    [InlineData(1, long.MaxValue, long.MaxValue)]
    public void UpdatesOfAShare(double share, long steps, long expected) => Steps.FromShare(share, steps).Should().Be(expected);

    [Fact]
    public void RateGrowsWithTheBatchOrItsRoot()
    {
        BatchScaling.Linear(0.1, 256, 8_192).Should().Be(3.2);
        BatchScaling.SquareRoot(0.001, 256, 4_096).Should().Be(0.004);
        BatchScaling.Linear(0.1, 256, 64).Should().Be(0.025);
        BatchScaling.SquareRoot(0.3, 77, 77).Should().Be(BatchScaling.Linear(0.3, 77, 77)).And.Be(0.3);
    }

    [Fact]
    public void InvalidArgumentThrows()
    {
        foreach ((string argument, Func<object> make) in new (string, Func<object>)[]
                 {
                     ("samples", () => Steps.PerEpoch(0, 1)),
                     ("batchSize", () => Steps.PerEpoch(1, 0)),
                     ("batchSize", () => Steps.PerEpoch(5, 6, dropLast: true)),
                     ("epochs", () => Steps.FromEpochs(-1, 1, 1)),
                     ("epochs", () => Steps.FromEpochs(double.NaN, 1, 1)),
                     ("epochs", () => Steps.FromEpochs(1e30, 1, 1)),
                     ("epochs", () => Steps.FromEpochs(3, 1L << 62, 1)),
                     ("epochs", () => Steps.FromEpochs(1e38, long.MaxValue, 1)),
                     ("samples", () => Steps.FromEpochs(1, 0, 1)),
                     ("samples", () => Steps.FromSamples(-1, 1)),
                     ("batchSize", () => Steps.FromSamples(1, 0)),
                     ("tokens", () => Steps.FromTokens(-1, 1, 1)),
                     ("batchSize", () => Steps.FromTokens(1, 0, 1)),
                     ("contextLength", () => Steps.FromTokens(1, 1, 0)),
                     ("share", () => Steps.FromShare(1.5, 1)),
                     ("share", () => Steps.FromShare(double.NaN, 1)),
                     ("steps", () => Steps.FromShare(1, -1)),
                     ("learningRate", () => BatchScaling.Linear(-1, 1, 1)),
                     ("referenceBatchSize", () => BatchScaling.Linear(1, 0, 1)),
                     ("batchSize", () => BatchScaling.SquareRoot(1, 1, 0)),
                 })
        {
            FluentActions.Invoking(make).Should().Throw<ArgumentOutOfRangeException>().WithParameterName(argument);
        }
    }
}
