using System.Numerics;
using System.Numerics.Tensors;

namespace CharModel;

/// <summary>The softmax of each column of a matrix: eˣ divided by the sum of eˣ over the column.</summary>
/// <param name="columns">The number of columns.</param>
/// <param name="causal">Whether row r begins at column r. Elements before that column are then ignored.</param>
internal sealed class Softmax<T>(int columns, bool causal)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T[] _highest = new T[columns];
    private readonly T[] _sums = new T[columns];

    public void Apply(Matrix<T> matrix)
    {
        Shift(matrix);
        Exponentiate(matrix);
    }

    /// <summary>The first half: subtracts the highest element of each column, so that no power overflows.</summary>
    public void Shift(Matrix<T> matrix)
    {
        matrix[0].CopyTo(_highest);
        for (int r = 1; r < matrix.Rows; r++)
        {
            Span<T> highest = From(r, _highest);
            TensorPrimitives.Max(highest, From(r, matrix[r]), highest);
        }

        for (int r = 0; r < matrix.Rows; r++)
        {
            Span<T> row = From(r, matrix[r]);
            TensorPrimitives.Subtract(row, From(r, _highest), row);
        }
    }

    /// <summary>The second half: computes the powers and divides them by the sum of their column.</summary>
    /// <returns>The sum of the powers of each column.</returns>
    public ReadOnlySpan<T> Exponentiate(Matrix<T> matrix)
    {
        Array.Clear(_sums);
        for (int r = 0; r < matrix.Rows; r++)
        {
            Span<T> row = From(r, matrix[r]);
            Span<T> sums = From(r, _sums);
            TensorPrimitives.Exp(row, row);
            TensorPrimitives.Add(sums, row, sums);
        }

        for (int r = 0; r < matrix.Rows; r++)
        {
            Span<T> row = From(r, matrix[r]);
            TensorPrimitives.Divide(row, From(r, _sums), row);
        }

        return _sums;
    }

    private Span<T> From(int row, Span<T> elements) => causal ? elements[row..] : elements;
}
