namespace Optimizers.Tests;

/// <summary>
/// Failures that plain rounding to few bits is known for, in whole training steps. <see cref="StochasticRoundingTests"/> has running means
/// that must not stop, and <see cref="NumberFormatTests"/> has small updates of weights and weights beyond the range of half.
/// </summary>
public sealed class KnownFailureTests
{
    private const int Length = 4_096;
    private const int Block = 256;

    /// <summary>
    /// If the second moment rounded to 0 and the first moment did not, the update would be divided by ε alone. With a constant gradient,
    /// the exact update of Adam is the rate.
    /// </summary>
    [Theory]
    [InlineData(StateFormat.BFloat16, 1e-7f, 1)]
    [InlineData(StateFormat.Half, 1e-5f, 1)]
    [InlineData(StateFormat.Half, 1e-7f, 1)]
    [InlineData(StateFormat.Block8, 1e-7f, 1)]
    [InlineData(StateFormat.Block8, 1e-4f, 1e4f)]
    [InlineData(StateFormat.Block8, 1e-6f, 1e6f)]
    public void SmallSecondMomentGivesNoLargeUpdate(StateFormat format, float gradient, float factorOfTheLargest)
    {
        const double Rate = 0.001;

        // In half, the first second moment would be 0.
        ((float)(Half)(gradient * gradient * 0.001f)).Should().Be(0);
        var options = new AdamOptions { LearningRate = Rate, Epsilon = 1e-12 };
        var optimizer = new Optimizer(Length, options, 1, format);
        float[] gradients = [.. Enumerable.Range(0, Length).Select(i => i % Block == 7 ? gradient * factorOfTheLargest : gradient)];
        var parameters = new float[Length];
        var second = new float[Length];
        for (int step = 0; step < 100; step++)
        {
            float[] before = [.. parameters];
            optimizer.Step(parameters, gradients);
            optimizer.State.Read("exp_avg_sq", second);
            second.Should().OnlyContain(value => value > 0, $"no second moment becomes 0 in step {step}");
            parameters.Zip(before).Max(pair => Math.Abs((double)pair.First - pair.Second)).Should().BeLessThan(3 * Rate, $"the update in step {step}");
        }
    }

    [Fact]
    public void StateInHalfStaysAtItsLargestValue()
    {
        const float Largest = 65_504;
        var momentum = new Optimizer(2, new MomentumOptions { Momentum = 0.9, LearningRate = 1e-6 }, 1, StateFormat.Half);
        var parameters = new float[2];
        var state = new float[2];
        for (int step = 0; step < 3; step++)
        {
            momentum.Step(parameters, [1e6f, -1e6f]);
            momentum.State.Read("momentum_buffer", state);
            state.Should().Equal(Largest, -Largest);
        }

        // Smaller gradients bring the buffer back into its range.
        for (int step = 0; step < 100; step++)
        {
            momentum.Step(parameters, [1, -1]);
        }

        momentum.State.Read("momentum_buffer", state);
        state.Select((value, i) => i == 0 ? value : -value).Should().OnlyContain(value => value > 9 && value < 13);
        parameters.Should().OnlyContain(value => float.IsFinite(value));

        // A second moment is stored as its root, so its range is that of half squared.
        var adam = new Optimizer(1, new AdamOptions(), 1, StateFormat.Half);
        adam.Step(parameters.AsSpan(0, 1), [1e7f]);
        adam.State.Read("exp_avg_sq", state.AsSpan(0, 1));
        state[0].Should().Be(Largest * Largest);
        float.IsFinite(parameters[0]).Should().BeTrue();
    }

    /// <summary>
    /// One element in each block has gradients 1,000 times as large as those of the others, until the end: it has noise of that size.
    /// </summary>
    [Theory]
    [InlineData("Adam", 1.2)]
    [InlineData("Momentum", 1.2)]
    public void BlockWithOneLargeElementConverges(string optimizer, double factor)
    {
        double exact = DistanceAfterTraining(optimizer, StateFormat.Float32);
        double rounded = DistanceAfterTraining(optimizer, StateFormat.Block8);
        exact.Should().BeLessThan(0.05);
        rounded.Should().BeLessThan(exact * factor);
    }

    [Fact]
    public void HalfGradientThatOverflowsLowersTheLossScale()
    {
        using var set = new ParameterSet { Format = new() { Values = NumberFormat.Half, Gradients = NumberFormat.Half } };
        Parameter parameter = set.Add("p", 4);
        var scaler = new LossScaler();
        var optimizer = new ModelOptimizer(set, new SgdOptions { LearningRate = 0.25 }, new() { LossScaler = scaler });
        foreach (StepOutcome expected in new[] { StepOutcome.Skipped, StepOutcome.Applied })
        {
            parameter.CopyGradientsFrom([.. Enumerable.Repeat((float)(1.5 * scaler.Scale), 4)]);
            optimizer.Step().Outcome.Should().Be(expected);
        }

        scaler.Scale.Should().Be(32_768);
        parameter.Values.ToArray().Should().OnlyContain(value => value == -0.375f);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, -1e-8)]
    public void SmallHalfGradientIsKeptOnlyByALossScale(bool scales, double update)
    {
        using var set = new ParameterSet { Format = new() { Gradients = NumberFormat.Half } };
        Parameter parameter = set.Add("p", 1);
        var scaler = new LossScaler();
        var optimizer = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { LossScaler = scales ? scaler : null });
        parameter.CopyGradientsFrom([(float)(1e-8 * (scales ? scaler.Scale : 1))]);
        optimizer.Step().Applied.Should().BeTrue();
        ((double)parameter.Values[0]).Should().BeApproximately(update, 1e-11);
    }

    // The root mean square of the distance of the ordinary elements to the optimum.
    private static double DistanceAfterTraining(string name, StateFormat format)
    {
        const int Updates = 2_000;
        const float Scale = 1_000;
        (IOptimizerOptions options, double rate) = name == "Adam"
            ? ((IOptimizerOptions)new AdamOptions(), 0.005)
            : (new MomentumOptions(), 5e-4);
        var optimizer = new Optimizer(Length, options, 1, format);
        var random = new Random(3);
        float[] target = Draw.Floats(4, Length);
        var parameters = new float[Length];
        var gradients = new float[Length];
        for (int update = 0; update < Updates; update++)
        {
            for (int i = 0; i < Length; i++)
            {
                float noise = 0.3f * (random.NextSingle() - 0.5f);
                gradients[i] = (i % Block == 7 ? Scale : 1) * (parameters[i] - target[i] + noise);
            }

            optimizer.Step(parameters, gradients, rate * (1 - ((double)update / Updates)));
        }

        return Math.Sqrt(Enumerable.Range(0, Length).Where(i => i % Block != 7).Average(i => Math.Pow(parameters[i] - target[i], 2)));
    }
}
