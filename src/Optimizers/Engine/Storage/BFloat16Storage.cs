namespace Optimizers.Engine;

/// <summary>State as bfloat16. The conversion is a few operations in a lane, so the loop of the rule does it.</summary>
internal readonly struct BFloat16Storage : IStorage
{
    public static int ElementSize => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Load<V>(in SlotAddress slot, long index)
        where V : struct, ILane<V> =>
        BFloat16Code.Decode(V.LoadUpperBits((ushort*)slot.Elements + index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store<V>(V value, in SlotAddress slot, uint slope, long index)
        where V : struct, ILane<V>
    {
        V dither = V.AddBits(RoundingDither.Shift<V>(index, slope), V.Load((float*)slot.FirstDither));
        V.StoreUpperBits(BFloat16Code.Encode(value, dither), (ushort*)slot.Elements + index);
    }
}
