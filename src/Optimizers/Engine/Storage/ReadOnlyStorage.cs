namespace Optimizers.Engine;

/// <summary>Storage that a pass reads and does not write.</summary>
internal readonly struct ReadOnlyStorage<TStorage> : IStorage
    where TStorage : struct, IStorage
{
    public static bool IsReadOnly => true;

    public static int ElementSize => TStorage.ElementSize;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Load<V>(in SlotAddress slot, long index)
        where V : struct, ILane<V> =>
        TStorage.Load<V>(slot, index);

    public static unsafe void Store<V>(V value, in SlotAddress slot, uint slope, long index)
        where V : struct, ILane<V>
    {
    }
}
