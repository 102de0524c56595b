namespace Optimizers.Tests;

/// <summary>State with few bits moves by the correct amount on average, so training works.</summary>
public sealed class StochasticRoundingTests
{
    /// <summary>
    /// A mean with β = 0.999 decays without gradients. Each update changes a value on a grid with relative gaps δ by the part 1 − β.
    /// Rounded without bias, the change has a variance of at most (1 − β)·δ times the square of the value. After t updates the variance
    /// is at most e^(t(1 − β)δ) − 1 times the square of the expectation. The mean of n independent elements has a standard deviation
    /// of at most the root of this bound divided by n. The test allows five standard deviations.
    /// </summary>
    [Theory]
    [InlineData(StateFormat.BFloat16, 1.0 / 128)]
    [InlineData(StateFormat.Half, 1.0 / 512)]
    [InlineData(StateFormat.Block8, 1.0 / 8)]
    public void MeanDecaysWithoutBias(StateFormat format, double gap)
    {
        const int Length = 16_384;
        const int Updates = 2_000;
        var optimizer = new Optimizer(Length, new AdamOptions { Beta1 = 0.999 }, 1, format);
        var parameters = new float[Length];
        var values = new float[Length];
        float[] gradients = Enumerable.Repeat(1f, Length).ToArray();
        optimizer.Step(parameters, gradients);
        Array.Clear(gradients);
        for (int update = 0; update < Updates; update++)
        {
            optimizer.Step(parameters, gradients);
        }

        double expected = 0.001 * Math.Pow(0.999, Updates);
        double bound = 5 * Math.Sqrt((Math.Exp(Updates * 0.001 * gap) - 1) / Length);
        foreach (string slot in optimizer.State.SlotNames)
        {
            optimizer.State.Read(slot, values);
            (values.Average(value => (double)value) / expected).Should().BeApproximately(1, bound, slot);
        }
    }

    [Theory]
    [InlineData(StateFormat.BFloat16)]
    [InlineData(StateFormat.Half)]
    [InlineData(StateFormat.Block8)]
    public void RoundingOfAnElementIsUnbiased(StateFormat format)
    {
        // A value between two codes is rounded up with a probability in proportion to its distance from the lower one.
        const int Length = 4_096;
        const int Updates = 400;
        var optimizer = new Optimizer(Length, new MomentumOptions { Momentum = 0 }, 1, format);
        var sums = new double[Length];
        var values = new float[Length];
        float[] gradients = [.. Draw.Floats(1, Length, 0.99f).Select(g => g + float.CopySign(1, g))];
        for (int update = 0; update < Updates; update++)
        {
            optimizer.Step(values, gradients, 0);
            optimizer.State.Read("momentum_buffer", values);
            for (int i = 0; i < Length; i++)
            {
                sums[i] += values[i];
            }
        }

        // The mean over n updates has a standard deviation of at most half the gap divided by the root of n. One element in 500 million
        // is off by more than six of them.
        double gap = format switch { StateFormat.BFloat16 => 1.0 / 128, StateFormat.Half => 1.0 / 1024, _ => 1.0 / 8 };
        double bound = 6 * gap / 2 / Math.Sqrt(Updates);
        for (int i = 0; i < Length; i++)
        {
            (sums[i] / Updates).Should().BeApproximately(gradients[i], bound, $"element {i}");
        }
    }

    [Theory]
    [InlineData(StateFormat.BFloat16, 1.05)]
    [InlineData(StateFormat.Half, 1.05)]
    [InlineData(StateFormat.Block8, 1.5)]
    public void QuadraticWithManyScalesConverges(StateFormat format, double factor)
    {
        double exact = LossOfQuadratic(StateFormat.Float32);
        double rounded = LossOfQuadratic(format);
        rounded.Should().BeLessThan(exact * factor);
    }

    [Theory]
    [InlineData(StateFormat.BFloat16)]
    [InlineData(StateFormat.Half)]
    [InlineData(StateFormat.Block8)]
    public void LogisticRegressionConverges(StateFormat format)
    {
        double exact = LossOfRegression(StateFormat.Float32);
        double rounded = LossOfRegression(format);
        rounded.Should().BeApproximately(exact, 0.05 * exact);
    }

    // Every block has curvatures from 0.001 to 1, and the gradients have noise.
    private static double LossOfQuadratic(StateFormat format)
    {
        const int Length = 4_096;
        const int Updates = 1_500;
        var optimizer = new Optimizer(Length, new AdamOptions { Beta2 = 0.99 }, 1, format);
        var random = new Random(1);
        double[] curvature = [.. Enumerable.Range(0, Length).Select(i => Math.Pow(10, -3.0 * (i % 256) / 256))];
        float[] parameters = Draw.Floats(1, Length);
        var gradients = new float[Length];
        for (int update = 0; update < Updates; update++)
        {
            for (int i = 0; i < Length; i++)
            {
                gradients[i] = (float)(curvature[i] * (parameters[i] + (0.3 * (random.NextDouble() - 0.5))));
            }

            optimizer.Step(parameters, gradients, 0.01 * (1 - ((double)update / Updates)));
        }

        return parameters.Select((p, i) => curvature[i] * p * p).Sum() / Length;
    }

    // 4,096 weights. Each example uses only a few of them, as with embeddings.
    private static double LossOfRegression(StateFormat format)
    {
        const int Length = 4_096;
        const int Examples = 2_000;
        const int Seen = 20;
        var random = new Random(2);
        float[] truth = Draw.Floats(5, Length, 2);
        int[][] features = [.. Enumerable.Range(0, Examples).Select(_ => Enumerable.Range(0, Seen).Select(_ => random.Next(random.Next(1, Length))).ToArray())];
        bool[] labels = [.. features.Select(seen => random.NextDouble() < Probability(truth, seen))];
        var optimizer = new Optimizer(Length, new AdamWOptions(), 1, format);
        var weights = new float[Length];
        var gradients = new float[Length];
        for (int epoch = 0; epoch < 12; epoch++)
        {
            for (int batch = 0; batch < Examples; batch += 50)
            {
                Array.Clear(gradients);
                for (int example = batch; example < batch + 50; example++)
                {
                    float error = (float)(Probability(weights, features[example]) - (labels[example] ? 1 : 0)) / 50;
                    foreach (int feature in features[example])
                    {
                        gradients[feature] += error;
                    }
                }

                optimizer.Step(weights, gradients, 0.01);
            }
        }

        return features.Select((seen, i) => -Math.Log(labels[i] ? Probability(weights, seen) : 1 - Probability(weights, seen))).Average();

        static double Probability(float[] weights, int[] seen) => 1 / (1 + Math.Exp(-seen.Sum(feature => weights[feature])));
    }
}
