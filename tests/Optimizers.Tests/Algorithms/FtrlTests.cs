namespace Optimizers.Tests;

public sealed class FtrlTests
{
    private const int Length = 67;

    [Theory]
    [InlineData(-0.5)]
    [InlineData(-0.7)]
    public void ParametersBelowTheL1ThresholdAreExactlyZero(double power)
    {
        var options = new FtrlOptions { LearningRate = 0.1, LearningRatePower = power, L1 = 0.9 };
        float[] start = Draw.Floats(1, Length);
        Outcome outcome = Outcome.Of(new Ftrl(Length, options), start, Draw.Gradients(2, 20, Length));
        ReadOnlySpan<float> z = outcome.State.Slots["z"].Span;
        int zeros = 0;
        for (int i = 0; i < Length; i++)
        {
            bool zero = MathF.Abs(z[i]) <= 0.9f;
            zeros += zero ? 1 : 0;
            BitConverter.SingleToInt32Bits(outcome.Parameters[i]).Should().Be(
                zero ? 0 : BitConverter.SingleToInt32Bits(outcome.Parameters[i]), $"z is {z[i]:R}");
            (outcome.Parameters[i] == 0).Should().Be(zero);
        }

        zeros.Should().BeInRange(10, Length - 10);
    }

    /// <summary>b − a is 4e-9 here. In float the difference would be 0, and the parameter would not follow z.</summary>
    [Theory]
    [InlineData(-0.5)]
    [InlineData(-0.3)]
    public void SmallGradientsAreNotLostInTheDifferenceOfPowers(double power)
    {
        const float Start = 1;
        var options = new FtrlOptions { LearningRate = 1e-6, LearningRatePower = power, InitialAccumulator = 1 };
        var optimizer = new Ftrl(1, options);
        float[] parameters = [Start];
        optimizer.Step(parameters, (float[])[9e-5f]);
        double growth = -power * 9e-5 * 9e-5;
        double expected = -(9e-5 - (growth / 1e-6)) * 1e-6;
        ((double)parameters[0]).Should().BeApproximately(expected, 1e-6 * Math.Abs(expected));
    }

    [Theory]
    [InlineData(-0.5)]
    [InlineData(-0.7)]
    public void RateWithInfiniteInverseChangesNeitherParametersNorState(double power)
    {
        var optimizer = new Ftrl(Length, new FtrlOptions { LearningRatePower = power });
        Outcome before = Outcome.Of(optimizer, Draw.Floats(1, Length), Draw.Gradients(2, 3, Length));
        float[] parameters = [.. before.Parameters];
        foreach (double rate in new[] { 0, 1e-60, 1e-44, 1e-39 })
        {
            optimizer.Step(parameters, Draw.Floats(4, Length), rate);
        }

        optimizer.State.Iteration.Should().Be(7);
        new Outcome(parameters, optimizer.State.Save() with { Iteration = 3 }).ShouldHaveTheBitsOf(before, "outcome");
    }

    [Fact]
    public void NaNGradientIsNotHidden()
    {
        float[] parameters = [1, 1];
        new Ftrl(2, new FtrlOptions { L1 = 1 }).Step(parameters, (float[])[float.NaN, 5]);
        parameters[0].Should().Be(float.NaN);
        parameters[1].Should().NotBe(float.NaN);
    }
}
