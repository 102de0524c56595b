namespace Optimizers.Engine;

/// <summary>
/// Numbers that have 3 bits of fraction and an exponent, less the least of them: 2·(2ᵉ·(1 + f/8) − 1). So 0 is among them,
/// and no exponent is a special case: the bits of a number plus 2 as a float, from the fraction's third on, are its code.
/// The code of all ones is NaN.
/// </summary>
internal static class ByteCode
{
    /// <summary>The least number that is not 0.</summary>
    public const float Least = 0.25f;

    public const int Fraction = 3;

    private const float Offset = 2;
    private const int Dropped = 23 - Fraction;

    /// <param name="code">Without a sign.</param>
    /// <param name="scale">What numbers are multiplied by.</param>
    /// <param name="nan">The code that stands for NaN.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Decode<V>(V code, V scale, uint nan)
        where V : struct, ILane<V>
    {
        V number = V.AddBits(V.ShiftRightBits(code, 24 - Dropped), V.Splat(Offset));
        return V.IfLess(number, Raised<V>(nan), (number - V.Splat(Offset)) * scale, V.Splat(float.NaN));
    }

    /// <summary>The inverse.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Encode<V>(V number, uint nan, V dither)
        where V : struct, ILane<V>
    {
        V raised = V.MinBits(number + Offset, Raised<V>(nan));
        V rounded = V.AddBits(raised, V.ShiftRightBits(dither, 32 - Dropped));

        // The offset's own bits fall out on the left.
        return V.ShiftLeftBits(rounded, 24 - Dropped);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Raised<V>(uint code)
        where V : struct, ILane<V> =>
        V.SplatBits((128u << 23) + (code << Dropped));
}

/// <summary>Eight bits with a sign: 4 bits of exponent.</summary>
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
/// Eight bits without a sign, for what is never negative: 5 bits of exponent. What is not 0 has a code that is not: a second
/// moment that vanished while the first did not would let its parameter jump.
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
