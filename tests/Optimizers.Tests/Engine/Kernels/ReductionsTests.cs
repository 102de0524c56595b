using System.Numerics;

namespace Optimizers.Tests;

public sealed unsafe class ReductionsTests
{
    // Squares of floats are integer multiples of 2^-298.
    private const int SquareScale = 298;
    private const double UnitRoundoff = 1.0 / (1L << 53);

    [Theory]
    [InlineData(1f)]
    [InlineData(1e30f)]
    [InlineData(3.4e38f)]
    [InlineData(1e-30f)]
    [InlineData(1e-42f)]
    public void SumOfSquaresMatchesExactArithmetic(float scale)
    {
        foreach (int length in (IEnumerable<int>)[.. Enumerable.Range(0, 70), 1_000, 4_095, Reductions.Block])
        {
            // A few numbers are much smaller than the rest.
            float[] values = [.. Draw.Floats(length, length, scale).Select((x, i) => i % 7 == 0 ? x * 1e-5f : x)];
            double expected = ExactSumOfSquares(values);
            SumOfSquares(values).Should().BeApproximately(expected, expected * UnitRoundoff * ((length / 16) + 6), $"this is the sum of the squares of {length} elements");
        }
    }

    [Fact]
    public void NormOfFiniteFloatsIsFinite()
    {
        float[] values = [.. Enumerable.Repeat(float.MaxValue, 10_000)];
        new ClipByGlobalNorm().Apply(values).Should().BeApproximately(float.MaxValue * 100.0, float.MaxValue * 1e-10);
    }

    [Fact]
    public void EveryElementAffectsTheResult()
    {
        const int Length = 100;
        for (int place = 0; place < Length; place++)
        {
            var values = new float[Length];
            values[place] = -3;
            SumOfSquares(values).Should().Be(9, $"only the element {place} is not 0");
            MaximumMagnitude(values).Should().Be(3, $"only the element {place} is not 0");
            values[place] = float.NaN;
            SumOfSquares(values).Should().Be(double.NaN, $"only the element {place} is not 0");
            MaximumMagnitude(values).Should().Be(double.NaN, $"only the element {place} is not 0");
            values[place] = float.NegativeInfinity;
            SumOfSquares(values).Should().Be(double.PositiveInfinity, $"only the element {place} is not 0");
            MaximumMagnitude(values).Should().Be(double.PositiveInfinity, $"only the element {place} is not 0");
        }
    }

    [Fact]
    public void MaximumIsTheLargestMagnitude()
    {
        for (int length = 0; length < 70; length++)
        {
            float[] values = Draw.Floats(length, length, 100);
            MaximumMagnitude(values).Should().Be(values.Select(MathF.Abs).Append(0).Max());
        }
    }

    [Fact]
    public void LongTensorIsDividedIntoBlocks()
    {
        Reductions.BlocksIn(0).Should().Be(0);
        Reductions.BlocksIn(1).Should().Be(1);
        Reductions.BlocksIn(Reductions.Block).Should().Be(1);
        Reductions.BlocksIn(Reductions.Block + 1).Should().Be(2);

        float[] values = Draw.Floats(1, (3 * Reductions.Block) + 5);
        double blocks = values.Chunk(Reductions.Block).Select(block => SumOfSquares(block)).Sum();
        new ClipByGlobalNorm().Apply(values).Should().Be(Math.Sqrt(blocks));
    }

    private static double SumOfSquares(float[] values)
    {
        fixed (float* address = values)
        {
            return Reductions.SumOfSquares(address, (nuint)values.Length);
        }
    }

    private static double MaximumMagnitude(float[] values)
    {
        fixed (float* address = values)
        {
            return Reductions.MaximumMagnitude(address, (nuint)values.Length);
        }
    }

    private static double ExactSumOfSquares(float[] values)
    {
        BigInteger sum = BigInteger.Zero;
        foreach (float value in values)
        {
            // A float is an integer multiple of 2^-149, and a double holds the product exactly.
            var whole = new BigInteger(value * Math.Pow(2, 149));
            sum += whole * whole;
        }

        return (double)sum * Math.Pow(2, -SquareScale);
    }
}
