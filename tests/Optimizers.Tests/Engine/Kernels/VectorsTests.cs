namespace Optimizers.Tests;

public sealed class VectorsTests
{
    private static readonly int[] _lengths = [.. Enumerable.Range(0, 50), 4_095, 4_096, 4_097, 4_111, 10_000];

    /// <summary>Sums in sixteen lanes and blocks of 4,096, written out element by element.</summary>
    [Fact]
    public void SumsHaveAFixedOrder()
    {
        foreach (int length in _lengths)
        {
            float[] floats = Draw.Floats(length, length, 1e10f);
            double[] doubles = [.. Draw.Floats(length + 1, length).Select(x => x / 3.0)];
            Vectors.Dot<double, double>(doubles, doubles).Should().Be(Sum(length, 16, i => doubles[i] * doubles[i]));
            Vectors.Dot<float, float>(floats, floats).Should().Be(Sum(length, 16, i => (double)floats[i] * floats[i]));
            Vectors.Dot<float, double>(floats, doubles).Should().Be(Sum(length, 16, i => floats[i] * doubles[i]));
            Vectors.SumOfMagnitudes<float>(floats).Should().Be(Sum(length, 8, i => Math.Abs(floats[i])));
        }
    }

    [Fact]
    public void NonFiniteElementIsFoundEverywhere()
    {
        for (int place = 0; place < 40; place++)
        {
            double[] values = new double[40];
            values[place] = -7;
            Vectors.MaximumMagnitude<double>(values).Should().Be(7);
            values[place] = double.NaN;
            Vectors.MaximumMagnitude<double>(values).Should().Be(double.NaN);
            values[place] = double.NegativeInfinity;
            Vectors.MaximumMagnitude<double>(values).Should().Be(double.PositiveInfinity);
        }
    }

    [Fact]
    public void CombinationsMatchElementwiseArithmetic()
    {
        foreach (int length in _lengths)
        {
            float[] a = Draw.Floats(length, length);
            double[] b = [.. Draw.Floats(length + 1, length).Select(x => x / 3.0)];
            double[] doubles = new double[length];
            Vectors.Combine<float, double, double>(0.1, a, -0.3, b, doubles);
            doubles.Should().Equal(a.Select((x, i) => (0.1 * x) + (-0.3 * b[i])));
            float[] floats = new float[length];
            Vectors.Combine<double, float, float>(0.1, b, 3, a, floats);
            floats.Should().Equal(a.Select((x, i) => (float)((0.1 * b[i]) + (3.0 * x))));
        }
    }

    private static double Sum(int length, int lanes, Func<int, double> term)
    {
        double sum = 0;
        for (int start = 0; start < length; start += 4_096)
        {
            var sums = new double[16];
            for (int i = start; i < Math.Min(length, start + 4_096); i++)
            {
                sums[(i - start) % lanes] += term(i);
            }

            double[] eight = [.. Enumerable.Range(0, 8).Select(i => sums[i] + sums[i + 8])];
            double[] four = [.. Enumerable.Range(0, 4).Select(i => eight[i] + eight[i + 4])];
            sum += four[0] + four[2] + (four[1] + four[3]);
        }

        return sum;
    }
}
