using System.Runtime.Intrinsics;

namespace Optimizers;

/// <summary>4 elements in a <see cref="Vector128{T}"/>.</summary>
internal readonly unsafe struct Lane4(Vector128<float> value) : ILane<Lane4>
{
    private readonly Vector128<float> _value = value;

    public static int Count => 4;

    public static Lane4 Splat(float value) => new(Vector128.Create(value));

    public static Lane4 operator +(Lane4 left, Lane4 right) => new(left._value + right._value);

    public static Lane4 operator -(Lane4 left, Lane4 right) => new(left._value - right._value);

    public static Lane4 operator *(Lane4 left, Lane4 right) => new(left._value * right._value);

    public static Lane4 operator /(Lane4 left, Lane4 right) => new(left._value / right._value);

    public static Lane4 operator -(Lane4 value) => new(-value._value);

    public static Lane4 Sqrt(Lane4 value) => new(Vector128.Sqrt(value._value));

    public static Lane4 Abs(Lane4 value) => new(Vector128.Abs(value._value));

    public static Lane4 Min(Lane4 left, Lane4 right) => new(Vector128.Min(left._value, right._value));

    public static Lane4 Max(Lane4 left, Lane4 right) => new(Vector128.Max(left._value, right._value));

    public static Lane4 CopySign(Lane4 magnitude, Lane4 sign) =>
        new(Vector128.CopySign(magnitude._value, sign._value));

    public static Lane4 Pow(Lane4 value, Lane4 exponent) => LanePower.Of(value, exponent);

    public static Lane4 IfLess(Lane4 left, Lane4 right, Lane4 then, Lane4 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(left._value, right._value), then._value, otherwise._value));

    public static Lane4 IfEqual(Lane4 left, Lane4 right, Lane4 then, Lane4 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.Equals(left._value, right._value), then._value, otherwise._value));

    public static Lane4 Load(float* address) => new(Vector128.Load(address));

    public static void Store(Lane4 value, float* address) => value._value.Store(address);

    public static void StoreRounded(Lane4 value, BFloat16* address) =>
        Vector128.Narrow(Upper(value._value), Vector128<uint>.Zero).GetLower().Store((ushort*)address);

    // The upper halves after rounding to the nearest, ties to even; a NaN keeps its sign and becomes quiet.
    private static Vector128<uint> Upper(Vector128<float> value)
    {
        Vector128<uint> bits = value.AsUInt32();
        Vector128<uint> rounded = bits + Vector128.Create(0x7FFFu) + ((bits >>> 16) & Vector128.Create(1u));
        Vector128<uint> quiet = bits | Vector128.Create(0x400000u);
        return Vector128.ConditionalSelect(Vector128.Equals(value, value).AsUInt32(), rounded, quiet) >>> 16;
    }
}
