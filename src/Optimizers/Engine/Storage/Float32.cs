namespace Optimizers.Engine;

/// <summary>State in float32, the type of the computation: four bytes per element.</summary>
internal readonly struct Float32 : IStorage
{
    public static int ElementSize => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Load<V>(in SlotAddress slot, long index)
        where V : struct, ILane<V> =>
        V.Load((float*)slot.Elements + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store<V>(V value, in SlotAddress slot, uint slope, long index)
        where V : struct, ILane<V> =>
        V.Store(value, (float*)slot.Elements + index);
}
