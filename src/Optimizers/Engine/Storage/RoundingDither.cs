namespace Optimizers.Engine;

/// <summary>
/// The random bits of stochastic rounding: 32 for each element, a hash of the parameter's iteration, the slot and the index in the
/// tensor. No generator has a state, so threads, ranks and parts of a tensor can be in any order.
/// </summary>
/// <remarks>
/// A line through the indices, whose slope is hashed once for a step and whose start once for a slot and a step
/// (Dietzfelbinger 1996). So the bits of an element in step after step are uniform and independent of each other, which is what a
/// mean needs; nor do those of two elements in one step depend on each other, which is what many of them need together.
/// In a lane it takes one addition for each slot, and little for all of them together.
/// </remarks>
internal readonly struct RoundingDither
{
    /// <summary>The first bits of all slots together.</summary>
    public static int Room => SlotAddresses.Count * Lane16.Count;

    private readonly uint _start;

    private RoundingDither(uint start, uint slope)
    {
        _start = start;
        Slope = slope;
    }

    /// <summary>The same for all slots in a step.</summary>
    public uint Slope { get; }

    /// <summary>The bits of a slot in a step.</summary>
    public static RoundingDither For(long iteration, int slot) => new(Hash(iteration, slot + 1), Hash(iteration, 0) | 1);

    /// <summary>The bits of the first elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V First<V>()
        where V : struct, ILane<V> =>
        V.AddBits(V.SplatBits(_start), V.MultiplyBits(V.CountingBits, V.SplatBits(Slope)));

    /// <summary>Writes those of as many elements as the widest lane has.</summary>
    public unsafe void WriteFirst(uint* destination)
    {
        for (uint i = 0; i < Lane16.Count; i++)
        {
            destination[i] = unchecked(_start + (i * Slope));
        }
    }

    /// <summary>
    /// The difference between the bits of the elements from <paramref name="index"/> on and the first ones. The upper bits of the
    /// sum are to be used.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Shift<V>(long index, uint slope)
        where V : struct, ILane<V> =>
        V.SplatBits(unchecked((uint)index * slope));

    private static uint Hash(long iteration, int number)
    {
        // The finalizer of SplitMix64 (Steele, Lea & Flood 2014) of a counter.
        ulong counter = unchecked(((ulong)iteration * (SlotAddresses.Count + 1)) + (ulong)number);
        ulong bits = unchecked((counter + 1) * 0x9E37_79B9_7F4A_7C15);
        bits = unchecked((bits ^ (bits >> 30)) * 0xBF58_476D_1CE4_E5B9);
        bits = unchecked((bits ^ (bits >> 27)) * 0x94D0_49BB_1331_11EB);
        return (uint)((bits ^ (bits >> 31)) >> 32);
    }
}
