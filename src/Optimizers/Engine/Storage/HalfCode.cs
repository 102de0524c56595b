namespace Optimizers.Engine;

/// <summary>IEEE's half. Finite values beyond its largest become that one.</summary>
internal readonly struct HalfCode : IStateCode
{
    public const float Least = 1f / (1 << 24);

    private const float Largest = 65_504;
    private const float LeastNormal = 1f / (1 << 14);
    private const uint SignBit = 0x8000;
    private const uint Infinity = 0x7C00;
    private const uint QuietNaN = 0x7E00;

    // A half has 13 bits of fraction less than a float, and the exponent of a float is larger by the difference of the biases.
    private const int Dropped = 13;
    private const uint OneExponent = 1u << 23;
    private const uint Rebias = (127 - 15) * OneExponent;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Decode<V>(V code)
        where V : struct, ILane<V>
    {
        // The exponent 0 means the same as 1, but without the leading one of the fraction: that is the smaller of the two
        // readings where it is right, and the larger elsewhere. No denormal float is computed with.
        V bits = V.ShiftRightBits(V.AndBits(code, V.SplatBits((SignBit - 1) << 16)), 16 - Dropped);
        V normal = V.AddBits(bits, V.SplatBits(Rebias));
        V number = V.MinBits(normal, normal + normal - V.Splat(LeastNormal));

        // The exponent of infinity and NaN is as far from a float's as it was from its own bias.
        V special = V.AddBits(normal, V.SplatBits(Rebias));
        V sign = V.AndBits(code, V.SplatBits(SignBit << 16));
        return V.OrBits(V.IfLess(V.Splat(Largest), number, special, number), sign);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Encode<V>(V value, V dither)
        where V : struct, ILane<V>
    {
        // The inverse: a sum aligns the fraction of a number below the least normal one, and is smaller for any other.
        V magnitude = V.Abs(value);
        V finite = V.MinBits(magnitude, V.Splat(Largest));
        V aligned = V.AddBits(finite + LeastNormal, V.SplatBits(unchecked(0 - OneExponent)));
        V lifted = V.AddBits(V.MaxBits(finite, aligned), V.ShiftRightBits(dither, 32 - Dropped));
        V number = V.ShiftLeftBits(V.AddBits(lifted, V.SplatBits(unchecked(0 - Rebias))), 16 - Dropped);

        V infinity = V.Splat(float.PositiveInfinity);
        V special = V.IfEqual(magnitude, infinity, V.SplatBits(Infinity << 16), V.SplatBits(QuietNaN << 16));
        V sign = V.AndBits(value, V.SplatBits(SignBit << 16));
        return V.OrBits(V.IfLess(magnitude, infinity, number, special), sign);
    }
}

/// <summary>
/// The half of the root, for what is never negative: squares have twice the range of what is squared. What is not 0 has a
/// root that is not: a second moment that vanished while the first did not would let its parameter jump.
/// </summary>
internal readonly struct RootHalfCode : IStateCode
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Decode<V>(V code)
        where V : struct, ILane<V>
    {
        V root = HalfCode.Decode(code);
        return root * root;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Encode<V>(V value, V dither)
        where V : struct, ILane<V>
    {
        V root = V.Sqrt(V.Abs(value));
        V floored = V.MaxBits(root, V.Splat(HalfCode.Least));
        return HalfCode.Encode(V.IfEqual(root, V.Splat(0), root, floored), dither);
    }
}
