namespace Optimizers.Engine;

/// <summary>
/// The random bits of stochastic rounding: 32 for each element. They are a hash of the parameter's iteration, the slot and the index in
/// the tensor. There is no generator with state, so threads, ranks and parts of a tensor can be processed in any order.
/// </summary>
/// <remarks>
/// The bits are a linear function of the index. Its slope is a hash of the step; its start is a hash of the slot and the step
/// (Dietzfelbinger 1996). So the bits of one element in different steps are uniform and independent, which the mean of an
/// element needs. The bits of two elements in one step are also independent of each other, which a sum over elements needs.
/// In a lane this costs one addition per slot, and little for all slots together.
/// </remarks>
internal readonly struct RoundingDither
{
    /// <summary>The number of first bits of all slots together.</summary>
    public static int Room => SlotAddresses.Count * Lane16.Count;

    private readonly uint _start;

    private RoundingDither(uint start, uint slope)
    {
        _start = start;
        Slope = slope;
    }

    /// <summary>The slope. It is the same for all slots in a step.</summary>
    public uint Slope { get; }

    /// <summary>The dither of a slot in a step.</summary>
    public static RoundingDither For(long iteration, int slot) => new(Hash(iteration, slot + 1), Hash(iteration, 0) | 1);

    /// <summary>The dither of 16-bit values of a parameter in a step. It is independent of that of the slots.</summary>
    public static RoundingDither ForValues(long iteration) => For(~iteration, slot: 0);

    /// <summary>The dither of a buffer whose first element is another element of this one.</summary>
    public RoundingDither From(long index) => new(unchecked(_start + ((uint)index * Slope)), Slope);

    /// <summary>The bits of the first elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V First<V>()
        where V : struct, ILane<V> =>
        V.AddBits(V.SplatBits(_start), V.MultiplyBits(V.CountingBits, V.SplatBits(Slope)));

    /// <summary>Writes the bits of the first elements, one for each element of the widest lane.</summary>
    public unsafe void WriteFirst(uint* destination)
    {
        for (uint i = 0; i < Lane16.Count; i++)
        {
            destination[i] = unchecked(_start + (i * Slope));
        }
    }

    /// <summary>
    /// The difference between the bits of the elements from <paramref name="index"/> on and the first ones. Use the upper bits of the
    /// sum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Shift<V>(long index, uint slope)
        where V : struct, ILane<V> =>
        V.SplatBits(unchecked((uint)index * slope));

    private static uint Hash(long iteration, int number)
    {
        // The counter goes through the finalizer of SplitMix64 (Steele, Lea & Flood 2014).
        ulong counter = unchecked(((ulong)iteration * (SlotAddresses.Count + 1)) + (ulong)number);
        ulong bits = unchecked((counter + 1) * 0x9E37_79B9_7F4A_7C15);
        bits = unchecked((bits ^ (bits >> 30)) * 0xBF58_476D_1CE4_E5B9);
        bits = unchecked((bits ^ (bits >> 27)) * 0x94D0_49BB_1331_11EB);
        return (uint)((bits ^ (bits >> 31)) >> 32);
    }
}
