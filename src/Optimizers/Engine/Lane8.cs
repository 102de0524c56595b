using System.Runtime.Intrinsics;

namespace Optimizers;

/// <summary>8 elements in a <see cref="Vector256{T}"/>.</summary>
internal readonly unsafe struct Lane8(Vector256<float> value) : ILane<Lane8>
{
    private readonly Vector256<float> _value = value;

    public static int Count => 8;

    public static Lane8 Splat(float value) => new(Vector256.Create(value));

    public static Lane8 operator +(Lane8 left, Lane8 right) => new(left._value + right._value);

    public static Lane8 operator -(Lane8 left, Lane8 right) => new(left._value - right._value);

    public static Lane8 operator *(Lane8 left, Lane8 right) => new(left._value * right._value);

    public static Lane8 operator /(Lane8 left, Lane8 right) => new(left._value / right._value);

    public static Lane8 operator -(Lane8 value) => new(-value._value);

    public static Lane8 Sqrt(Lane8 value) => new(Vector256.Sqrt(value._value));

    public static Lane8 Abs(Lane8 value) => new(Vector256.Abs(value._value));

    public static Lane8 Min(Lane8 left, Lane8 right) => new(Vector256.Min(left._value, right._value));

    public static Lane8 Max(Lane8 left, Lane8 right) => new(Vector256.Max(left._value, right._value));

    public static Lane8 CopySign(Lane8 magnitude, Lane8 sign) =>
        new(Vector256.CopySign(magnitude._value, sign._value));

    public static Lane8 Pow(Lane8 value, Lane8 exponent) => LanePower.Of(value, exponent);

    public static Lane8 IfLess(Lane8 left, Lane8 right, Lane8 then, Lane8 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(left._value, right._value), then._value, otherwise._value));

    public static Lane8 IfEqual(Lane8 left, Lane8 right, Lane8 then, Lane8 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(left._value, right._value), then._value, otherwise._value));

    public static Lane8 Load(float* address) => new(Vector256.Load(address));

    public static void Store(Lane8 value, float* address) => value._value.Store(address);

    public static void StoreRounded(Lane8 value, BFloat16* address)
    {
        Vector256<uint> upper = Upper(value._value);
        Vector128.Narrow(upper.GetLower(), upper.GetUpper()).Store((ushort*)address);
    }

    // The upper halves after rounding to the nearest, ties to even; a NaN keeps its sign and becomes quiet.
    private static Vector256<uint> Upper(Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32();
        Vector256<uint> rounded = bits + Vector256.Create(0x7FFFu) + ((bits >>> 16) & Vector256.Create(1u));
        Vector256<uint> quiet = bits | Vector256.Create(0x400000u);
        return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), rounded, quiet) >>> 16;
    }
}
