using System.Numerics;

namespace CharModel;

/// <summary>
/// A matrix, or some rows of a matrix. In an activation, a row is a feature and a column is a character of the sequence. So all
/// expensive loops work element by element along rows, and every sum adds whole rows in their order. A sum within a vector would
/// depend on the vector width and on the address of the array; with this layout no bit of the result depends on them.
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

    /// <summary>Returns some of the rows. They share the elements of this matrix.</summary>
    public Matrix<T> Slice(int firstRow, int rows) => new(_elements, _firstRow + firstRow, rows, Columns);

    public void Clear() => Elements.Clear();

    public void TransposeTo(Matrix<T> transposed)
    {
        ReadOnlySpan<T> elements = Elements;

        // Work on a band of rows at a time, so that the written elements are next to each other.
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
