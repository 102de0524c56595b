namespace Optimizers;

/// <summary>How a state slot is read and written as lanes. A rule never sees it: bfloat16 and half go here.</summary>
internal interface IStorage
{
    static abstract unsafe V Load<V>(void* buffer, nuint index)
        where V : struct, ILane<V>;

    static abstract unsafe void Store<V>(V value, void* buffer, nuint index)
        where V : struct, ILane<V>;
}
