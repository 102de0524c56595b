namespace Optimizers.Tests;

/// <summary>Steps with 8-bit state in blocks that need care.</summary>
public sealed class BlockStepTests
{
    private const int Length = 6_000;
    private const int Steps = 6;

    public static TheoryData<int> Widths => [4, 8, 16];

    /// <summary>A NaN or infinity in one block must not change any other block.</summary>
    [Theory]
    [MemberData(nameof(Widths))]
    public void BlocksWithSpecialValuesHaveTheBitsOfNarrowLanes(int width)
    {
        foreach (float special in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity, BitConverter.Int32BitsToSingle(int.MaxValue) })
        {
            float[][] gradients = Draw.Gradients(2, Steps, Length);
            gradients[1][700] = special;
            gradients[2][5_900] = special;
            Outcome expected = Of(1, gradients);
            Of(width, gradients).ShouldHaveTheBitsOf(expected, $"{special} in lanes of {width}");
            float[] finite = [.. expected.Parameters.Where(float.IsFinite)];
            finite.Should().HaveCount(Length - 2, "AdamW keeps elements apart");
        }
    }

    /// <summary>The range of the codes is wide enough for both moments, and no second moment becomes 0.</summary>
    [Theory]
    [MemberData(nameof(Widths))]
    public void ElementThousandTimesTheRestDoesNotStopTheOthers(int width)
    {
        float[][] gradients = [.. Enumerable.Range(0, Steps).Select(_ => Enumerable.Range(0, Length).Select(i => i % 256 == 7 ? 1f : 0.001f).ToArray())];
        var optimizer = new Optimizer([Length], new AdamWOptions { LearningRate = 0.01, WeightDecay = 0 }, 1, width, StateFormat.Block8);
        var parameters = new float[Length];
        var squares = new float[Length];
        foreach (float[] gradient in gradients)
        {
            optimizer.Step(parameters, gradient);
            optimizer.State.Read("exp_avg_sq", squares);
            squares.Should().OnlyContain(v => v > 0);
        }

        // In float32, each element moves by the rate in each step.
        parameters.Should().OnlyContain(p => p < -0.01f * Steps / 2 && p > -0.01f * Steps * 2);
    }

    /// <summary>A second moment that is smaller than the least code of its block keeps that code, so the update stays small.</summary>
    [Fact]
    public void SecondMomentBelowTheLeastCodeIsNotZero()
    {
        float[] gradients = [.. Enumerable.Range(0, Length).Select(i => i % 256 == 0 ? 1e6f : 1e-6f)];
        var optimizer = new Optimizer(Length, new AdamWOptions(), 1, StateFormat.Block8);
        var parameters = new float[Length];
        var squares = new float[Length];
        for (int step = 0; step < Steps; step++)
        {
            optimizer.Step(parameters, gradients, 1e-3);
        }

        optimizer.State.Read("exp_avg_sq", squares);
        squares.Should().OnlyContain(v => v > 0);
        parameters.Should().OnlyContain(p => Math.Abs(p) <= 0.011f);
    }

    private static Outcome Of(int width, float[][] gradients) =>
        Outcome.Of(new Optimizer([Length], new AdamWOptions(), 1, width, StateFormat.Block8), Draw.Floats(1, Length), gradients);
}
