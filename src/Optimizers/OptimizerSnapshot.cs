namespace Optimizers;

/// <summary>The state of an optimizer for one parameter as plain data.</summary>
/// <param name="Iteration">The number of updates so far.</param>
/// <param name="Slots">The elements of every slot in float32, by its name; none if the state is in another format.</param>
public sealed record OptimizerSnapshot(long Iteration, IReadOnlyDictionary<string, ReadOnlyMemory<float>> Slots)
{
    /// <summary>The format of the state.</summary>
    public StateFormat Format { get; init; }

    /// <summary>
    /// The memory of every slot by its name, if the state is not all in float32: numbers of two bytes, or the bytes of all
    /// elements, and after them the scale of each block of 256 as a float; floats where the slot is kept so all the same.
    /// </summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Stored { get; init; } =
        new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>The scalars by their names; none for most optimizers.</summary>
    public IReadOnlyDictionary<string, double> Scalars { get; init; } =
        System.Collections.ObjectModel.ReadOnlyDictionary<string, double>.Empty;

    /// <summary>See <see cref="OptimizerState.MomentumProduct"/>. At least 0; default null.</summary>
    public double? MomentumProduct { get; init; }
}
