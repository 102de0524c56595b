namespace Optimizers.Rules;

/// <summary>
/// A group of <see cref="float"/> elements that are computed together: 1, 4, 8 or 16, depending on the processor. A rule is
/// generic over the lane, so its formula is written once.
/// </summary>
/// <remarks>
/// Every operation works element by element, and all except <see cref="Pow"/> round as IEEE 754 says, so a rule gives the same
/// bits at every width. A lane has no estimates, no fused multiply-add and no sums across its elements, because their results
/// differ between processors. A comparison with NaN is false.
/// </remarks>
/// <typeparam name="TSelf">The lane itself.</typeparam>
public interface ILane<TSelf>
    where TSelf : struct, ILane<TSelf>
{
    /// <summary>The number of elements.</summary>
    static abstract int Count { get; }

    /// <summary>A lane with <paramref name="value"/> in every element.</summary>
    static abstract TSelf Splat(float value);

    /// <summary>The element-wise sum.</summary>
    static abstract TSelf operator +(TSelf left, TSelf right);

    /// <summary>The element-wise difference.</summary>
    static abstract TSelf operator -(TSelf left, TSelf right);

    /// <summary>The element-wise product.</summary>
    static abstract TSelf operator *(TSelf left, TSelf right);

    /// <summary>Every element times a number.</summary>
    static abstract TSelf operator *(float left, TSelf right);

    /// <summary>Every element times a number.</summary>
    static abstract TSelf operator *(TSelf left, float right);

    /// <summary>A number added to every element.</summary>
    static abstract TSelf operator +(TSelf left, float right);

    /// <summary>The element-wise quotient.</summary>
    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary>Every element with the opposite sign.</summary>
    static abstract TSelf operator -(TSelf value);

    /// <summary>The correctly rounded square root; NaN for negative elements.</summary>
    static abstract TSelf Sqrt(TSelf value);

    /// <summary>The absolute value.</summary>
    static abstract TSelf Abs(TSelf value);

    /// <summary>The smaller element; NaN if either is NaN; −0 is smaller than +0.</summary>
    static abstract TSelf Min(TSelf left, TSelf right);

    /// <summary>The larger element; NaN if either is NaN; +0 is larger than −0.</summary>
    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>The magnitude of the first argument with the sign of the second.</summary>
    static abstract TSelf CopySign(TSelf magnitude, TSelf sign);

    /// <summary>
    /// The power, computed in double by the platform's own function and rounded once. Slow: one element at a time.
    /// </summary>
    static abstract TSelf Pow(TSelf value, TSelf exponent);

    /// <summary>Where <paramref name="left"/> &lt; <paramref name="right"/>, <paramref name="then"/>; elsewhere <paramref name="otherwise"/>.</summary>
    static abstract TSelf IfLess(TSelf left, TSelf right, TSelf then, TSelf otherwise);

    /// <summary>Where <paramref name="left"/> = <paramref name="right"/>, <paramref name="then"/>; elsewhere <paramref name="otherwise"/>. −0 equals +0.</summary>
    static abstract TSelf IfEqual(TSelf left, TSelf right, TSelf then, TSelf otherwise);

    /// <summary>1 for positive elements, −1 for negative ones, 0 for ±0 and NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual TSelf Sign(TSelf value)
    {
        TSelf zero = TSelf.Splat(0);
        return TSelf.IfLess(zero, value, TSelf.Splat(1), TSelf.IfLess(value, zero, TSelf.Splat(-1), zero));
    }

    /// <summary>The quotient, or 0 if the divisor is ±0, so that 0/0 gives a step of 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual TSelf DivideOrZero(TSelf dividend, TSelf divisor)
    {
        TSelf zero = TSelf.Splat(0);
        return TSelf.IfEqual(divisor, zero, zero, dividend / divisor);
    }

    /// <summary>Reads the elements at <paramref name="address"/>, which may be unaligned.</summary>
    internal static abstract unsafe TSelf Load(float* address);

    /// <summary>Reads the elements and multiplies them by a number; the multiplication reads memory itself.</summary>
    internal static abstract unsafe TSelf Load(float* address, float factor);

    /// <summary>Writes the elements to <paramref name="address"/>, which may be unaligned.</summary>
    internal static abstract unsafe void Store(TSelf value, float* address);

    // The members below treat each element as 32 bits. Number formats use them; rules cannot.

    /// <summary>A lane whose elements have the bits 0, 1, 2, …</summary>
    internal static abstract TSelf CountingBits { get; }

    /// <summary>A lane with <paramref name="bits"/> in every element.</summary>
    internal static abstract TSelf SplatBits(uint bits);

    /// <summary>The sum modulo 2³².</summary>
    internal static abstract TSelf AddBits(TSelf left, TSelf right);

    /// <summary>The product modulo 2³².</summary>
    internal static abstract TSelf MultiplyBits(TSelf left, TSelf right);

    /// <summary>The smaller element as signed integers; for nonnegative floats this is their order.</summary>
    internal static abstract TSelf MinBits(TSelf left, TSelf right);

    /// <summary>The larger element as signed integers; for nonnegative floats this is their order.</summary>
    internal static abstract TSelf MaxBits(TSelf left, TSelf right);

    /// <summary>The largest element as a signed integer. The order of the elements does not affect it.</summary>
    internal static abstract int LargestBits(TSelf bits);

    internal static abstract TSelf AndBits(TSelf left, TSelf right);

    internal static abstract TSelf OrBits(TSelf left, TSelf right);

    /// <summary>The first bits, combined by OR with the other bits where the mask is 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static virtual TSelf OrMaskedBits(TSelf bits, TSelf other, TSelf mask) => TSelf.OrBits(bits, TSelf.AndBits(other, mask));

    internal static abstract TSelf ShiftLeftBits(TSelf bits, int count);

    /// <summary>Shifts the bits right and fills with zeros from the left.</summary>
    internal static abstract TSelf ShiftRightBits(TSelf bits, int count);

    /// <summary>Reads 8 bits for each element, possibly unaligned, into its upper bits; the other bits are 0.</summary>
    internal static abstract unsafe TSelf LoadUpperBits(byte* address);

    /// <summary>Reads 16 bits for each element, possibly unaligned, into its upper bits; the other bits are 0.</summary>
    internal static abstract unsafe TSelf LoadUpperBits(ushort* address);

    /// <summary>Writes the upper 8 bits of each element.</summary>
    internal static abstract unsafe void StoreUpperBits(TSelf bits, byte* address);

    /// <summary>Writes the upper 16 bits of each element.</summary>
    internal static abstract unsafe void StoreUpperBits(TSelf bits, ushort* address);
}
