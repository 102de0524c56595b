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

    public static Lane8 CountingBits => new(Vector256<uint>.Indices.AsSingle());

    public static Lane8 SplatBits(uint bits) => new(Vector256.Create(bits).AsSingle());

    public static Lane8 AddBits(Lane8 left, Lane8 right) => new((left.Bits + right.Bits).AsSingle());

    public static Lane8 MultiplyBits(Lane8 left, Lane8 right) => new((left.Bits * right.Bits).AsSingle());

    public static Lane8 MinBits(Lane8 left, Lane8 right) =>
        new(Vector256.Min(left._value.AsInt32(), right._value.AsInt32()).AsSingle());

    public static Lane8 MaxBits(Lane8 left, Lane8 right) =>
        new(Vector256.Max(left._value.AsInt32(), right._value.AsInt32()).AsSingle());

    public static int LargestBits(Lane8 bits) =>
        Lane4.LargestBits(Lane4.MaxBits(new(bits._value.GetLower()), new(bits._value.GetUpper())));

    public static Lane8 AndBits(Lane8 left, Lane8 right) => new(left._value & right._value);

    public static Lane8 OrBits(Lane8 left, Lane8 right) => new(left._value | right._value);

    public static Lane8 ShiftLeftBits(Lane8 bits, int count) => new((bits.Bits << count).AsSingle());

    public static Lane8 ShiftRightBits(Lane8 bits, int count) => new((bits.Bits >>> count).AsSingle());

    public static Lane8 LoadBits(byte* address) =>
        Widened(Vector128.WidenLower(Vector64.Load(address).ToVector128Unsafe()));

    public static Lane8 LoadBits(ushort* address) => Widened(Vector128.Load(address));

    public static void StoreBits(Lane8 bits, byte* address) =>
        Vector128.Narrow(bits.Narrowed(), Vector128<ushort>.Zero).GetLower().Store(address);

    public static void StoreBits(Lane8 bits, ushort* address) => bits.Narrowed().Store(address);

    private Vector256<uint> Bits => _value.AsUInt32();

    private static Lane8 Widened(Vector128<ushort> bits) =>
        new(Vector256.WidenLower(bits.ToVector256Unsafe()).AsSingle());

    private Vector128<ushort> Narrowed() => Vector128.Narrow(Bits.GetLower(), Bits.GetUpper());
}
