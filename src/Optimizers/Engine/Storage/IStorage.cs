namespace Optimizers.Engine;

/// <summary>How a state slot is read and written as lanes. A rule never sees it: formats that are a few operations in a lane go here.</summary>
internal interface IStorage
{
    /// <summary>Whether what is written is lost.</summary>
    static virtual bool IsReadOnly => false;

    /// <summary>The bytes of an element.</summary>
    static abstract int ElementSize { get; }

    static abstract unsafe V Load<V>(in SlotAddress slot, long index)
        where V : struct, ILane<V>;

    /// <param name="value">What is stored.</param>
    /// <param name="slot">Where.</param>
    /// <param name="slope">For storage that rounds: the <see cref="RoundingDither.Slope"/> of this step.</param>
    /// <param name="index">The first element.</param>
    static abstract unsafe void Store<V>(V value, in SlotAddress slot, uint slope, long index)
        where V : struct, ILane<V>;
}
