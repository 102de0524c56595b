namespace Optimizers;

/// <summary>The state of an optimizer for one parameter as plain data.</summary>
/// <param name="Iteration">The number of updates so far.</param>
/// <param name="Slots">The elements of every slot in float32, by slot name; empty if the state has another format.</param>
public sealed record OptimizerSnapshot(long Iteration, IReadOnlyDictionary<string, ReadOnlyMemory<float>> Slots)
{
    /// <summary>The format of the state.</summary>
    public StateFormat Format { get; init; }

    /// <summary>
    /// The memory of every slot by slot name; empty if the whole state is in float32. A 2-byte format has 2 bytes an element. The
    /// 1-byte format has the bytes of all elements, followed by the scale of each block of 256 as a float. A slot that is kept in
    /// float32 in any case has its floats.
    /// </summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Stored { get; init; } =
        new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>The scalars by name; empty for most optimizers.</summary>
    public IReadOnlyDictionary<string, double> Scalars { get; init; } =
        System.Collections.ObjectModel.ReadOnlyDictionary<string, double>.Empty;

    /// <summary>See <see cref="OptimizerState.MomentumProduct"/>. At least 0; default null.</summary>
    public double? MomentumProduct { get; init; }
}
