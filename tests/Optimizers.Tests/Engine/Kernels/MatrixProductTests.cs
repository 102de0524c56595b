namespace Optimizers.Tests;

/// <summary>The matrix product, compared with a plain product in double. Its bits are the same for every width and order of tasks.</summary>
public sealed unsafe class MatrixProductTests
{
    private static readonly int[] _widths = [1, 4, 8, 16];

    public static TheoryData<int, int, int> Sizes() => new()
    {
        { 1, 1, 1 }, { 1, 7, 3 }, { 5, 1, 9 }, { 4, 128, 32 }, { 33, 129, 35 }, { 64, 512, 31 }, { 70, 600, 77 }, { 3, 0, 5 }, { 35, 40, 1 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void EveryWidthAndTaskOrderGivesTheSameCorrectBits(int rows, int inner, int columns)
    {
        float[] left = Draw.Floats(1, rows * inner);
        float[] right = Draw.Floats(2, inner * columns);
        float[] added = Draw.Floats(3, rows * columns);
        float[] expected = Product(left, right, added, rows, inner, columns, new Runner(1, backwards: false));
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                double sum = 0;
                double size = 0;
                for (int k = 0; k < inner; k++)
                {
                    double term = (double)left[(i * inner) + k] * right[(k * columns) + j];
                    sum += term;
                    size += Math.Abs(term);
                }

                // A term is rounded once, and again in each sum that contains it.
                double bound = (size * (Math.Min(inner, 128) + (inner / 128) + 2)) + 2;
                ((double)expected[(i * columns) + j]).Should().BeApproximately(
                    (0.5 * added[(i * columns) + j]) - (3 * sum), 3 * bound / (1 << 24), $"row {i}, column {j}");
            }
        }

        foreach (int width in _widths)
        {
            foreach (bool backwards in new[] { false, true })
            {
                Product(left, right, added, rows, inner, columns, new Runner(width, backwards))
                    .ShouldHaveTheBitsOf(expected, $"lanes of {width}, backwards: {backwards}");
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(17, 40)]
    [InlineData(33, 5)]
    public void TransposeExchangesRowsAndColumns(int rows, int columns)
    {
        float[] source = Draw.Floats(1, rows * columns);
        var transposed = new float[source.Length];
        fixed (float* from = source)
        fixed (float* to = transposed)
        {
            MatrixProduct.Transpose(from, to, rows, columns);
        }

        for (int i = 0; i < source.Length; i++)
        {
            transposed[(i % columns * rows) + (i / columns)].Should().Be(source[i]);
        }
    }

    private static float[] Product(
        float[] left, float[] right, float[] added, int rows, int inner, int columns, Runner runner)
    {
        float[] result = [.. Enumerable.Repeat(float.NaN, rows * columns)];
        fixed (float* l = left)
        fixed (float* r = right)
        fixed (float* a = added)
        fixed (float* p = result)
        {
            new MatrixProduct().Run(new(rows, inner, columns, l, r, p) { Factor = -3, Added = a, FactorOfAdded = 0.5f }, runner);
        }

        return result;
    }

    private sealed class Runner(int widestLane, bool backwards) : ITaskRunner
    {
        public void Run(ITasks tasks, int count, long effort)
        {
            for (int task = 0; task < count; task++)
            {
                tasks.Run(backwards ? count - 1 - task : task, widestLane);
            }
        }
    }
}
