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
    /// <param name="nan">The <see cref="Raised"/> code for NaN.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Decode<V>(V code, V scale, V nan)
        where V : struct, ILane<V>
    {
        V number = V.AddBits(V.ShiftRightBits(code, 24 - Dropped), V.Splat(Offset));
        return V.IfLess(number, nan, (number - V.Splat(Offset)) * scale, V.Splat(float.NaN));
    }

    /// <summary>The same for a code that is not NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V DecodeFinite<V>(V code, V scale)
        where V : struct, ILane<V> =>
        (V.AddBits(V.ShiftRightBits(code, 24 - Dropped), V.Splat(Offset)) - V.Splat(Offset)) * scale;

    /// <summary>The inverse of <see cref="Decode"/>.</summary>
    /// <param name="number">The value, divided by the scale.</param>
    /// <param name="nan">The <see cref="Raised"/> code for NaN.</param>
    /// <param name="isFinite">Whether all values are finite. They are then smaller than <paramref name="nan"/>.</param>
    /// <param name="dither">See <see cref="IStateCode.Encode"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Encode<V>(V number, uint nan, bool isFinite, V dither)
        where V : struct, ILane<V>
    {
        V raised = number + Offset;
        if (!isFinite)
        {
            raised = V.MinBits(raised, V.SplatBits(nan));
        }

        V rounded = V.AddBits(raised, V.ShiftRightBits(dither, 32 - Dropped));

        // The left shift removes the bits of the offset.
        return V.ShiftLeftBits(rounded, 24 - Dropped);
    }

    /// <summary>The bits of the number of a code, plus 2.</summary>
    public static uint Raised(uint code) => (128u << 23) + (code << Dropped);
}

/// <summary>Signed codes of 8 bits, with 4 bits of exponent.</summary>
internal readonly struct SignedByteCode : IBlockCode
{
    public static uint Sign => 0x80u << 24;

    public static float FlushAtLeast => 0;

    private static uint NaN => ByteCode.Raised(0x7F);

    // 2·(2¹⁵·1.75 − 1)
    public static float Largest => 114_686;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Decode<V>(V code, V scale)
        where V : struct, ILane<V> =>
        V.OrMaskedBits(ByteCode.Decode(V.AndBits(code, V.SplatBits(~Sign)), scale, V.SplatBits(NaN)), code, V.SplatBits(Sign));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Encode<V>(V value, V inverseScale, V flushBelow, bool isFinite, V dither)
        where V : struct, ILane<V>
    {
        V magnitude = V.Abs(value);
        V code = V.OrMaskedBits(ByteCode.Encode(magnitude * inverseScale, NaN, isFinite, dither), value, V.SplatBits(Sign));
        return V.IfLess(magnitude, flushBelow, V.Splat(0), code);
    }
}

/// <summary>
/// Unsigned codes of 8 bits, with 5 bits of exponent, for values that are never negative. Nonzero values never round to zero: if a second
/// moment became 0 and the first moment did not, the update of its parameter would be far too large.
/// </summary>
internal readonly struct UnsignedByteCode : IBlockCode
{
    public static uint Sign => 0;

    public static float FlushAtLeast => float.Epsilon;

    private static uint NaN => ByteCode.Raised(0xFF);

    // 2·(2³¹·1.75 − 1), as a float.
    public static float Largest => 7_516_192_768;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Decode<V>(V code, V scale)
        where V : struct, ILane<V> =>
        ByteCode.Decode(code, scale, V.SplatBits(NaN));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Encode<V>(V value, V inverseScale, V flushBelow, bool isFinite, V dither)
        where V : struct, ILane<V>
    {
        V magnitude = V.Abs(value);
        V floored = V.MaxBits(magnitude * inverseScale, V.Splat(ByteCode.Least));
        return V.IfLess(magnitude, flushBelow, V.Splat(0), ByteCode.Encode(floored, NaN, isFinite, dither));
    }
}
