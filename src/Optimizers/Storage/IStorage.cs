namespace Optimizers;

/// <summary>How a state slot is read and written as lanes. A rule never sees it: formats that are a few operations in a lane go here.</summary>
internal interface IStorage
{
    /// <summary>Whether what is written is lost.</summary>
    static virtual bool IsReadOnly => false;

    static abstract unsafe V Load<V>(in SlotAddress slot, nuint index)
        where V : struct, ILane<V>;

    static abstract unsafe void Store<V>(V value, in SlotAddress slot, nuint index)
        where V : struct, ILane<V>;
}
