namespace Optimizers.Engine;

/// <summary>
/// A tensor as a batch of matrices: the last two dimensions are rows and columns, and the product of the others is the number of matrices.
/// A tensor with fewer than two dimensions is not a matrix.
/// </summary>
/// <param name="Order">The number of dimensions.</param>
/// <param name="Batches">The number of matrices.</param>
/// <param name="Rows">The rows of each matrix; 1 with fewer than two dimensions.</param>
/// <param name="Columns">The columns of each matrix; all elements with fewer than two dimensions.</param>
internal readonly record struct TensorShape(int Order, int Batches, int Rows, int Columns)
{
    public bool IsMatrix => Order >= 2;

    public int Length => Batches * Rows * Columns;

    public static TensorShape OfVector(int length) => new(1, 1, 1, length);

    public static TensorShape Of(ReadOnlySpan<int> dimensions) => dimensions.Length < 2
        ? new TensorShape(dimensions.Length, 1, 1, Product(dimensions))
        : new TensorShape(dimensions.Length, Product(dimensions[..^2]), dimensions[^2], dimensions[^1]);

    /// <summary>The number of elements of a slot.</summary>
    public int LengthOf(SlotExtent extent) => extent switch
    {
        SlotExtent.Rows => Batches * Rows,
        SlotExtent.Columns => Batches * Columns,
        _ => Length,
    };

    /// <summary>The dimensions of a slot for a tensor with the given dimensions.</summary>
    public static IReadOnlyList<int> DimensionsOf(SlotExtent extent, IReadOnlyList<int> dimensions) => extent switch
    {
        SlotExtent.Rows => [.. dimensions.Take(dimensions.Count - 1), 1],
        SlotExtent.Columns when dimensions.Count < 2 => dimensions,
        SlotExtent.Columns => [.. dimensions.Take(dimensions.Count - 2), 1, dimensions[^1]],
        _ => dimensions,
    };

    private static int Product(ReadOnlySpan<int> dimensions)
    {
        int product = 1;
        foreach (int dimension in dimensions)
        {
            product *= dimension;
        }

        return product;
    }
}

