namespace Optimizers.Engine;

/// <summary>The IEEE half format. Finite values beyond its largest value are encoded as the largest value.</summary>
internal readonly struct HalfCode : INumberCode
{
    public const float Least = 1f / (1 << 24);

    private const float Largest = 65_504;
    private const float LeastNormal = 1f / (1 << 14);

    // Half of the spacing above the largest value: from here on, the nearest value is infinite.
    private const float Unrepresentable = 65_520;
    private const uint SignBit = 0x8000;
    private const uint Infinity = 0x7C00;
    private const uint QuietNaN = 0x7E00;

    // A half has 13 fraction bits fewer than a float. The exponent of a float is larger by the difference of the biases.
    private const int Dropped = 13;
    private const uint OneExponent = 1u << 23;
    private const uint Rebias = (127 - 15) * OneExponent;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Decode<V>(V code)
        where V : struct, ILane<V>
    {
        // Exponent 0 means the same as exponent 1, but without the leading one of the fraction. This second reading is the smaller one if
        // the exponent is 0, and the larger one otherwise. The computation uses no denormal float.
        V bits = V.ShiftRightBits(V.AndBits(code, V.SplatBits((SignBit - 1) << 16)), 16 - Dropped);
        V normal = V.AddBits(bits, V.SplatBits(Rebias));
        V number = V.MinBits(normal, normal + normal - V.Splat(LeastNormal));

        // For infinity and NaN, adding the bias difference once more gives the exponent of infinity and NaN in a float.
        V special = V.AddBits(normal, V.SplatBits(Rebias));
        V sign = V.AndBits(code, V.SplatBits(SignBit << 16));
        return V.OrBits(V.IfLess(V.Splat(Largest), number, special, number), sign);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Encode<V>(V value, V dither)
        where V : struct, ILane<V>
    {
        // The inverse: adding the smallest normal number aligns the fraction of a number below it. For other numbers the sum is the smaller
        // of the two.
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

    /// <inheritdoc/>
    /// <remarks>As the conversion of .NET: a value that rounds beyond the largest half becomes infinite, a NaN becomes quiet and keeps
    /// its sign.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Nearest<V>(V value)
        where V : struct, ILane<V>
    {
        V sign = V.AndBits(value, V.SplatBits(SignBit << 16));
        V magnitude = V.Abs(value);
        V odd = V.AndBits(V.ShiftRightBits(magnitude, Dropped), V.SplatBits(1));
        V rounded = V.AddBits(magnitude, V.AddBits(odd, V.SplatBits(unchecked((1u << (Dropped - 1)) - 1 - Rebias))));
        V normal = V.ShiftRightBits(rounded, Dropped);

        // The sum with 1/2 has the spacing of the denormal halves, so the addition rounds, and the sum's last bits are the code.
        V denormal = V.AddBits(magnitude + V.Splat(0.5f), V.SplatBits(unchecked(0u - (126u << 23))));
        V code = V.IfLess(magnitude, V.Splat(LeastNormal), denormal, normal);
        code = V.IfLess(magnitude, V.Splat(Unrepresentable), code, V.SplatBits(Infinity));
        code = V.IfEqual(value, value, code, V.SplatBits(QuietNaN));
        return V.OrBits(V.ShiftLeftBits(code, 16), sign);
    }
}

/// <summary>
/// The square root as a half, for values that are never negative. The square of a half has twice its range of exponents. Nonzero values
/// never round to zero: if a second moment became 0 and the first moment did not, the update of its parameter would be far too large.
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
