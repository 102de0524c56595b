namespace Optimizers.Engine;

/// <summary>
/// 8-bit state for a loop over whole blocks without NaN. A load decodes. A store writes the value to scratch and updates the largest magnitude of
/// the block, which determines the scale. Codes are written after the loop: see <see cref="QuantizedStatePass"/>.
/// </summary>
internal readonly struct BlockStorage : IStorage
{
    public static int ElementSize => sizeof(byte);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Load<V>(in SlotAddress slot, long index)
        where V : struct, ILane<V>
    {
        var scratch = (byte*)slot.Scratch;
        V code = V.LoadUpperBits((byte*)slot.Elements + index);
        V magnitude = ByteCode.DecodeFinite(
            V.AndBits(code, V.SplatBits(*(uint*)(scratch + BlockScratch.MagnitudeAt))),
            V.Splat(((float*)(scratch + BlockScratch.ScalesAt))[(nuint)index / Blocks.Length]));
        return V.OrMaskedBits(magnitude, code, V.SplatBits(*(uint*)(scratch + BlockScratch.SignAt)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store<V>(V value, in SlotAddress slot, uint slope, long index)
        where V : struct, ILane<V>
    {
        var scratch = (float*)slot.Scratch;
        V.Store(value, scratch + index);
        float* largest = scratch + (BlockScratch.LargestAt / sizeof(float)) + ((nuint)index / Blocks.Length * 16);
        V.Store(V.MaxBits(V.Abs(value), V.Load(largest)), largest);
    }
}
