namespace Optimizers;

/// <summary>State as bfloat16: so few operations in a lane that the loop of the rule does them itself.</summary>
internal readonly struct BFloat16Storage : IStorage
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Load<V>(in SlotAddress slot, nuint index)
        where V : struct, ILane<V> =>
        BFloat16Code.Decode(V.LoadBits((ushort*)slot.Elements + index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store<V>(V value, in SlotAddress slot, nuint index)
        where V : struct, ILane<V> =>
        V.StoreBits(
            BFloat16Code.Encode(value, slot.Chance.At<V>(index)), (ushort*)slot.Elements + index);
}
