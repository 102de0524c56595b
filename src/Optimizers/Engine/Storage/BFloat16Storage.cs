namespace Optimizers.Engine;

/// <summary>State as bfloat16: so few operations in a lane that the loop of the rule does them itself.</summary>
internal readonly struct BFloat16Storage : IStorage
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Load<V>(in SlotAddress slot, nuint index)
        where V : struct, ILane<V> =>
        BFloat16Code.Decode(V.LoadUpperBits((ushort*)slot.Elements + index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store<V>(V value, in SlotAddress slot, uint slope, nuint index)
        where V : struct, ILane<V>
    {
        V chance = V.AddBits(Chance.Shift<V>(index, slope), V.Load((float*)slot.FirstChances));
        V.StoreUpperBits(BFloat16Code.Encode(value, chance), (ushort*)slot.Elements + index);
    }
}
