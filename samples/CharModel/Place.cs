namespace CharModel;

/// <summary>Where a tensor lies in an array that holds all weights of a network, or all of their gradients.</summary>
/// <param name="Name">The name.</param>
/// <param name="Shape">The length of each dimension.</param>
/// <param name="Offset">The index of its first element.</param>
/// <param name="Initial">Gives the initial value of an element by the seed and the index of the element.</param>
internal sealed record Place(string Name, int[] Shape, int Offset, Func<long, int, double> Initial)
{
    public int Length { get; } = Shape.Aggregate(1, (length, dimension) => checked(length * dimension));

    public ReadOnlySpan<T> Of<T>(ReadOnlySpan<T> all) => all.Slice(Offset, Length);

    public Span<T> Of<T>(Span<T> all) => all.Slice(Offset, Length);
}
