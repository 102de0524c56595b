namespace Optimizers.Engine;

/// <summary>bfloat16: the upper half of a float.</summary>
internal readonly struct BFloat16Code : INumberCode
{
    private const int Dropped = 16;

    // Ten times the smallest normal number.
    private const float Flushed = 1.2e-37f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Decode<V>(V code)
        where V : struct, ILane<V> =>
        code;

    /// <inheritdoc/>
    /// <remarks>A value that is or would become denormal is encoded as 0, as in all state.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Encode<V>(V value, V dither)
        where V : struct, ILane<V>
    {
        // Adding to the bits of a NaN could give any value. So NaN and small values get the code of value·0, which is NaN or 0.
        V lifted = V.AddBits(value, V.ShiftRightBits(dither, 32 - Dropped));
        return V.IfLess(V.Splat(Flushed), V.Abs(value), lifted, value * 0);
    }

    /// <summary>The nearest code, ties to even, as in <see cref="BFloat16.Round"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Nearest<V>(V value)
        where V : struct, ILane<V>
    {
        // A NaN keeps its sign and becomes quiet.
        V odd = V.AndBits(V.ShiftRightBits(value, Dropped), V.SplatBits(1));
        V rounded = V.AddBits(value, V.AddBits(odd, V.SplatBits(0x7FFF)));
        V quiet = V.OrBits(value, V.SplatBits(0x400000));
        return V.IfEqual(value, value, rounded, quiet);
    }
}
