namespace Optimizers.Engine;

/// <summary>
/// Codes for the numbers 2·(2ᵉ·(1 + f/8) − 1): 3 bits of fraction f and an exponent e, with the smallest number subtracted. So 0 has a
/// code, and no exponent is a special case. The code is part of the bits of the number plus 2 as a float, down to the third bit of the
/// fraction. The code with all bits set is NaN.
/// </summary>
internal static class ByteCode
{
    /// <summary>The smallest number above 0.</summary>
    public const float Least = 0.25f;

    public const int Fraction = 3;

    private const float Offset = 2;
    private const int Dropped = 23 - Fraction;

    /// <param name="code">The code without a sign.</param>
    /// <param name="scale">The factor of the numbers.</param>
    /// <param name="nan">The code for NaN.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Decode<V>(V code, V scale, uint nan)
        where V : struct, ILane<V>
    {
        V number = V.AddBits(V.ShiftRightBits(code, 24 - Dropped), V.Splat(Offset));
        return V.IfLess(number, Raised<V>(nan), (number - V.Splat(Offset)) * scale, V.Splat(float.NaN));
    }

    /// <summary>The inverse of <see cref="Decode"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Encode<V>(V number, uint nan, V dither)
        where V : struct, ILane<V>
    {
        V raised = V.MinBits(number + Offset, Raised<V>(nan));
        V rounded = V.AddBits(raised, V.ShiftRightBits(dither, 32 - Dropped));

        // The left shift removes the bits of the offset.
        return V.ShiftLeftBits(rounded, 24 - Dropped);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Raised<V>(uint code)
        where V : struct, ILane<V> =>
        V.SplatBits((128u << 23) + (code << Dropped));
}

/// <summary>Signed codes of 8 bits, with 4 bits of exponent.</summary>
internal readonly struct SignedByteCode : IBlockCode
{
    private const uint SignBit = 0x80;
    private const uint NaN = SignBit - 1;

    // 2·(2¹⁵·1.75 − 1)
    public static float Largest => 114_686;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Decode<V>(V code, V scale)
        where V : struct, ILane<V> =>
        V.OrBits(ByteCode.Decode(V.AndBits(code, V.SplatBits(NaN << 24)), scale, NaN), V.AndBits(code, V.SplatBits(SignBit << 24)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Encode<V>(V value, V inverseScale, V dither)
        where V : struct, ILane<V>
    {
        V sign = V.AndBits(value, V.SplatBits(SignBit << 24));
        return V.OrBits(ByteCode.Encode(V.Abs(value) * inverseScale, NaN, dither), sign);
    }
}

/// <summary>
/// Unsigned codes of 8 bits, with 5 bits of exponent, for values that are never negative. Nonzero values never round to zero: if a second
/// moment became 0 and the first moment did not, the update of its parameter would be far too large.
/// </summary>
internal readonly struct UnsignedByteCode : IBlockCode
{
    private const uint NaN = 0xFF;

    // 2·(2³¹·1.75 − 1), as a float.
    public static float Largest => 7_516_192_768;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Decode<V>(V code, V scale)
        where V : struct, ILane<V> =>
        ByteCode.Decode(code, scale, NaN);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Encode<V>(V value, V inverseScale, V dither)
        where V : struct, ILane<V>
    {
        V number = V.Abs(value) * inverseScale;
        V floored = V.MaxBits(number, V.Splat(ByteCode.Least));
        return ByteCode.Encode(V.IfEqual(value, V.Splat(0), number, floored), NaN, dither);
    }
}
