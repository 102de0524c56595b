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
    public RowGradients(ReadOnlySpan<int> rows, ReadOnlySpan<float> values, int width)
    {
        Require.AtLeast(width, 1);
        RequireLength(rows, values, width);
        Rows = rows;
        Values = values;
        Width = width;
    }

    /// <summary>The indices of the rows.</summary>
    public ReadOnlySpan<int> Rows { get; }

    /// <summary>The values, row after row.</summary>
    public ReadOnlySpan<float> Values { get; }

    /// <summary>The number of elements in a row.</summary>
    public int Width { get; }

    /// <summary>Throws if there is not one value for each element of the rows.</summary>
    internal static void RequireLength(ReadOnlySpan<int> rows, ReadOnlySpan<float> values, int width)
    {
        long needed = (long)rows.Length * width;
        if (values.Length != needed)
        {
            throw new ArgumentException(
                $"There are {values.Length} values, but {rows.Length} rows of {width} elements have {needed}. Pass one value for each element.", nameof(values));
        }
    }
}
