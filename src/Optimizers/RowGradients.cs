namespace Optimizers;

/// <summary>The gradients of some rows of a table. All other rows have no gradient.</summary>
public readonly ref struct RowGradients
{
    /// <summary>Creates a view of the row gradients; nothing is copied.</summary>
    /// <param name="rows">The row indices, in any order. If an index occurs more than once, its values are added in float32,
    /// in the order in which they occur.</param>
    /// <param name="values">The values, row after row in the order of the indices.</param>
    /// <param name="width">The number of elements of a row, at least 1.</param>
    /// <exception cref="ArgumentException">The width is below 1, or the number of values is not rows × width.</exception>
    [OverloadResolutionPriority(1)]
    public RowGradients(ReadOnlySpan<int> rows, ReadOnlySpan<float> values, int width)
        : this(rows, [], rows.Length, values, width)
    {
    }

    /// <inheritdoc cref="RowGradients(ReadOnlySpan{int}, ReadOnlySpan{float}, int)"/>
    public RowGradients(ReadOnlySpan<long> rows, ReadOnlySpan<float> values, int width)
        : this([], rows, rows.Length, values, width)
    {
    }

    private RowGradients(ReadOnlySpan<int> rows, ReadOnlySpan<long> longRows, int count, ReadOnlySpan<float> values, int width)
    {
        Require.AtLeast(width, 1);
        RequireLength(count, values.Length, width);
        Rows = rows;
        LongRows = longRows;
        Count = count;
        Values = values;
        Width = width;
    }

    /// <summary>The number of row indices.</summary>
    public int Count { get; }

    /// <summary>The index of a row.</summary>
    /// <param name="place">The place of the row among the given rows, from 0 to <see cref="Count"/> − 1.</param>
    public long RowAt(int place) => Rows.IsEmpty ? LongRows[place] : Rows[place];

    /// <summary>The values, row after row.</summary>
    public ReadOnlySpan<float> Values { get; }

    /// <summary>The number of elements in a row.</summary>
    public int Width { get; }

    /// <summary>The indices, if they were given as <see cref="int"/>; otherwise empty.</summary>
    internal ReadOnlySpan<int> Rows { get; }

    /// <summary>The indices, if they were given as <see cref="long"/>; otherwise empty.</summary>
    internal ReadOnlySpan<long> LongRows { get; }

    /// <summary>Throws if there is not one value for each element of the rows.</summary>
    internal static void RequireLength(int rows, int values, int width)
    {
        long needed = (long)rows * width;
        if (values != needed)
        {
            throw new ArgumentException(
                $"There are {values} values, but {rows} rows of {width} elements have {needed}. Pass one value for each element.", nameof(values));
        }
    }
}
