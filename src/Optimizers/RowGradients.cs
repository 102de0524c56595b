namespace Optimizers;

/// <summary>The gradient of some rows of a table; of all other rows there is none.</summary>
public readonly ref struct RowGradients
{
    /// <summary>Describes the gradient; nothing is copied.</summary>
    /// <param name="rows">The indices of the rows, in any order. One that comes more than once has the sum of its values, added up
    /// in float32 in the order in which they come.</param>
    /// <param name="values">The values, row after row in the order of the indices.</param>
    /// <param name="width">The number of elements of a row, at least 1.</param>
    /// <exception cref="ArgumentException">The width is below 1, or there are not as many values as the rows have.</exception>
    public RowGradients(ReadOnlySpan<int> rows, ReadOnlySpan<float> values, int width)
    {
        Require.AtLeast(width, 1);
        if (values.Length != (long)rows.Length * width)
        {
            throw new ArgumentException(
                $"There are {values.Length} values for {rows.Length} rows of {width} elements, which need {(long)rows.Length * width}.", nameof(values));
        }

        Rows = rows;
        Values = values;
        Width = width;
    }

    /// <summary>The indices of the rows.</summary>
    public ReadOnlySpan<int> Rows { get; }

    /// <summary>The values, row after row.</summary>
    public ReadOnlySpan<float> Values { get; }

    /// <summary>The number of elements of a row.</summary>
    public int Width { get; }
}
