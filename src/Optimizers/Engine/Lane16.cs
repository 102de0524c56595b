using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Optimizers;

/// <summary>16 elements in a <see cref="Vector512{T}"/>.</summary>
internal readonly unsafe struct Lane16(Vector512<float> value) : ILane<Lane16>
{
    private readonly Vector512<float> _value = value;

    public static int Count => 16;

    public static Lane16 Splat(float value) => new(Vector512.Create(value));

    public static Lane16 operator +(Lane16 left, Lane16 right) => new(left._value + right._value);

    public static Lane16 operator -(Lane16 left, Lane16 right) => new(left._value - right._value);

    public static Lane16 operator *(Lane16 left, Lane16 right) => new(left._value * right._value);

    public static Lane16 operator /(Lane16 left, Lane16 right) => new(left._value / right._value);

    public static Lane16 operator -(Lane16 value) => new(-value._value);

    public static Lane16 Sqrt(Lane16 value) => new(Vector512.Sqrt(value._value));

    public static Lane16 Abs(Lane16 value) => new(Vector512.Abs(value._value));

    public static Lane16 Min(Lane16 left, Lane16 right) => new(Vector512.Min(left._value, right._value));

    public static Lane16 Max(Lane16 left, Lane16 right) => new(Vector512.Max(left._value, right._value));

    public static Lane16 CopySign(Lane16 magnitude, Lane16 sign) =>
        new(Vector512.CopySign(magnitude._value, sign._value));

    public static Lane16 Pow(Lane16 value, Lane16 exponent) => LanePower.Of(value, exponent);

    public static Lane16 IfLess(Lane16 left, Lane16 right, Lane16 then, Lane16 otherwise) =>
        Avx512F.IsSupported
            ? new(Avx512F.BlendVariable(otherwise._value, then._value, Avx512F.CompareLessThan(left._value, right._value)))
            : new(Vector512.ConditionalSelect(Vector512.LessThan(left._value, right._value), then._value, otherwise._value));

    public static Lane16 IfEqual(Lane16 left, Lane16 right, Lane16 then, Lane16 otherwise) =>
        Avx512F.IsSupported
            ? new(Avx512F.BlendVariable(otherwise._value, then._value, Avx512F.CompareEqual(left._value, right._value)))
            : new(Vector512.ConditionalSelect(Vector512.Equals(left._value, right._value), then._value, otherwise._value));

    public static Lane16 DivideOrZero(Lane16 dividend, Lane16 divisor)
    {
        Vector512<float> quotient = dividend._value / divisor._value;
        return Avx512F.IsSupported
            ? new(Avx512F.BlendVariable(Vector512<float>.Zero, quotient, Avx512F.CompareNotEqual(divisor._value, Vector512<float>.Zero)))
            : new(Vector512.ConditionalSelect(Vector512.Equals(divisor._value, Vector512<float>.Zero), Vector512<float>.Zero, quotient));
    }

    public static Lane16 Load(float* address) => new(Vector512.Load(address));

    public static void Store(Lane16 value, float* address) => value._value.Store(address);

    public static void StoreRounded(Lane16 value, BFloat16* address)
    {
        Vector512<uint> upper = Upper(value._value);
        Vector256<ushort> narrow = Avx512F.IsSupported
            ? Avx512F.ConvertToVector256UInt16(upper)
            : Vector256.Narrow(upper.GetLower(), upper.GetUpper());
        narrow.Store((ushort*)address);
    }

    // The upper halves after rounding to the nearest, ties to even; a NaN keeps its sign and becomes quiet.
    private static Vector512<uint> Upper(Vector512<float> value)
    {
        Vector512<uint> bits = value.AsUInt32();
        Vector512<uint> rounded = bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512.Create(1u));
        Vector512<uint> quiet = bits | Vector512.Create(0x400000u);
        return Vector512.ConditionalSelect(Vector512.Equals(value, value).AsUInt32(), rounded, quiet) >>> 16;
    }
}
