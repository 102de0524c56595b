namespace Optimizers.Engine;

/// <summary>
/// Reads and writes a state slot as lanes. Formats that need only a few operations in a lane are implemented here. Rules cannot tell
/// the formats apart.
/// </summary>
internal interface IStorage
{
    /// <summary>Whether writes have no effect.</summary>
    static virtual bool IsReadOnly => false;

    /// <summary>The size of an element in bytes.</summary>
    static abstract int ElementSize { get; }

    static abstract unsafe V Load<V>(in SlotAddress slot, long index)
        where V : struct, ILane<V>;

    /// <param name="value">The lane to store.</param>
    /// <param name="slot">The slot to store it in.</param>
    /// <param name="slope">For storage that rounds: the <see cref="RoundingDither.Slope"/> of this step.</param>
    /// <param name="index">The index of the first element.</param>
    static abstract unsafe void Store<V>(V value, in SlotAddress slot, uint slope, long index)
        where V : struct, ILane<V>;
}
