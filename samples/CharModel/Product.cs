using System.Numerics;
using System.Numerics.Tensors;

namespace CharModel;

/// <summary>Matrix products. All of them multiply rows by a number and add them to other rows.</summary>
internal static class Product
{
    // The number of elements that a loop uses repeatedly; they stay in the first-level cache.
    private const int ElementsTogether = 4_096;

    /// <summary>output += weights · input.</summary>
    public static void Add<T>(ReadOnlySpan<T> weights, Matrix<T> input, Matrix<T> output)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Add(weights, input.Rows, 1, input.Elements, output.Elements, input.Columns);

    /// <summary>input += weightsᵀ · output.</summary>
    public static void AddTransposed<T>(ReadOnlySpan<T> weights, Matrix<T> output, Matrix<T> input)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Add(weights, 1, input.Rows, output.Elements, input.Elements, input.Columns);

    /// <summary>weights += output · transposed, where a row of transposed is a column of the input.</summary>
    public static void AddOuter<T>(Matrix<T> output, Matrix<T> transposed, Span<T> weights)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Add(output.Elements, output.Columns, 1, transposed.Elements, weights, transposed.Columns);

    /// <summary>Adds the elements from the first to the last.</summary>
    public static T Sum<T>(ReadOnlySpan<T> row)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T sum = T.Zero;
        foreach (T element in row)
        {
            sum += element;
        }

        return sum;
    }

    // sums(a) += Σ_b factor(a, b)·rows(b), with b in ascending order.
    private static void Add<T>(
        ReadOnlySpan<T> factors, int stepOfA, int stepOfB, ReadOnlySpan<T> rows, Span<T> sums, int columns)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int rowCount = rows.Length / columns;
        int together = Math.Max(1, ElementsTogether / columns);
        for (int first = 0; first < rowCount; first += together)
        {
            int last = Math.Min(first + together, rowCount);
            for (int a = 0; a < sums.Length / columns; a++)
            {
                Span<T> sum = sums.Slice(a * columns, columns);
                for (int b = first; b < last; b++)
                {
                    TensorPrimitives.MultiplyAdd(
                        rows.Slice(b * columns, columns), factors[(a * stepOfA) + (b * stepOfB)], sum, sum);
                }
            }
        }
    }
}
