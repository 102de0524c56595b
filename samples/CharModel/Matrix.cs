using System.Numerics;

namespace CharModel;

/// <summary>
/// A matrix, or some rows of one. In an activation a row is a feature and a column a character of the sequence: then all
/// heavy loops run along rows, element by element, and every sum adds rows in their order. So no bit depends on the width
/// of the processor's vectors or on where an array lies, as those of a sum within a vector do.
/// </summary>
internal readonly struct Matrix<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int TransposedTogether = 16;

    private readonly T[] _elements;
    private readonly int _firstRow;

    public Matrix(int rows, int columns)
        : this(new T[rows * columns], 0, rows, columns)
    {
    }

    private Matrix(T[] elements, int firstRow, int rows, int columns)
    {
        _elements = elements;
        _firstRow = firstRow;
        Rows = rows;
        Columns = columns;
    }

    public int Rows { get; }

    public int Columns { get; }

    public Span<T> this[int row] => _elements.AsSpan((_firstRow + row) * Columns, Columns);

    /// <summary>The elements, row by row.</summary>
    public Span<T> Elements => _elements.AsSpan(_firstRow * Columns, Rows * Columns);

    /// <summary>Some of the rows; the elements are shared.</summary>
    public Matrix<T> Slice(int firstRow, int rows) => new(_elements, _firstRow + firstRow, rows, Columns);

    public void Clear() => Elements.Clear();

    public void TransposeTo(Matrix<T> transposed)
    {
        ReadOnlySpan<T> elements = Elements;

        // In bands of rows, so that what is written to lies side by side for a while.
        for (int first = 0; first < Rows; first += TransposedTogether)
        {
            int last = Math.Min(first + TransposedTogether, Rows);
            for (int column = 0; column < Columns; column++)
            {
                Span<T> target = transposed[column];
                for (int row = first; row < last; row++)
                {
                    target[row] = elements[(row * Columns) + column];
                }
            }
        }
    }
}
