namespace Optimizers;

/// <summary>
/// The chances of stochastic rounding: 32 bits for each element, a hash of the parameter's iteration, the slot and the index
/// in the tensor. Nothing has to be remembered, and it does not matter who computes an element, when, and beside which others.
/// </summary>
/// <remarks>
/// A line through the indices, whose start and slope are hashed well, once for a tensor and a step (Dietzfelbinger 1996). So the
/// chances of an element in step after step are uniform and have nothing to do with each other, which is what a mean needs;
/// nor have those of two elements in one step, which is what many of them need together. In a lane it takes two operations.
/// </remarks>
internal readonly struct Chance(ulong seed)
{
    private readonly uint _start = (uint)(seed >> 32);
    private readonly uint _slope = (uint)seed | 1;

    /// <summary>The chances of a slot in a step.</summary>
    public static Chance For(long iteration, int slot)
    {
        // The finalizer of SplitMix64 (Steele, Lea & Flood 2014) of a counter.
        ulong counter = unchecked(((ulong)iteration * SlotAddresses.Count) + (ulong)slot + 1);
        ulong bits = unchecked(counter * 0x9E37_79B9_7F4A_7C15);
        bits = unchecked((bits ^ (bits >> 30)) * 0xBF58_476D_1CE4_E5B9);
        bits = unchecked((bits ^ (bits >> 27)) * 0x94D0_49BB_1331_11EB);
        return new Chance(bits ^ (bits >> 31));
    }

    /// <summary>The chances of the elements from <paramref name="index"/> on. Of their bits, the upper ones are to be used.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V At<V>(nuint index)
        where V : struct, ILane<V> =>
        V.AddBits(
            V.SplatBits(unchecked(((uint)index * _slope) + _start)), V.MultiplyBits(V.CountingBits, V.SplatBits(_slope)));
}
