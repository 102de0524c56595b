namespace CharModel;

/// <summary>The position of a tensor in the array of all weights of a network, and in the array of all gradients.</summary>
/// <param name="Name">The name of the tensor.</param>
/// <param name="Shape">The length of each dimension.</param>
/// <param name="Offset">The index of its first element.</param>
/// <param name="Initial">Returns the initial value of an element for a seed and the index of the element.</param>
internal sealed record Place(string Name, int[] Shape, int Offset, Func<long, int, double> Initial)
{
    public int Length { get; } = Shape.Aggregate(1, (length, dimension) => checked(length * dimension));

    public ReadOnlySpan<T> Of<T>(ReadOnlySpan<T> all) => all.Slice(Offset, Length);

    public Span<T> Of<T>(Span<T> all) => all.Slice(Offset, Length);
}
