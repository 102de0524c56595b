using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Optimizers.Engine;

/// <summary>A lane of 16 elements in a <see cref="Vector512{T}"/>.</summary>
internal readonly unsafe struct Lane16(Vector512<float> value) : ILane<Lane16>
{
    private readonly Vector512<float> _value = value;

    public static int Count => 16;

    public static Lane16 Splat(float value) => new(Vector512.Create(value));

    public static Lane16 operator +(Lane16 left, Lane16 right) => new(left._value + right._value);

    public static Lane16 operator -(Lane16 left, Lane16 right) => new(left._value - right._value);

    public static Lane16 operator *(Lane16 left, Lane16 right) => new(left._value * right._value);

    public static Lane16 operator *(float left, Lane16 right) => new(Vector512.Create(left) * right._value);

    public static Lane16 operator *(Lane16 left, float right) => new(left._value * Vector512.Create(right));

    public static Lane16 operator +(Lane16 left, float right) => new(left._value + Vector512.Create(right));

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

    public static Lane16 Load(float* address, float factor) => new(Vector512.Load(address) * factor);

    public static void Store(Lane16 value, float* address) => value._value.Store(address);

    public static Lane16 CountingBits => new(Vector512<uint>.Indices.AsSingle());

    public static Lane16 SplatBits(uint bits) => new(Vector512.Create(bits).AsSingle());

    public static Lane16 AddBits(Lane16 left, Lane16 right) => new((left.Bits + right.Bits).AsSingle());

    public static Lane16 MultiplyBits(Lane16 left, Lane16 right) => new((left.Bits * right.Bits).AsSingle());

    public static Lane16 MinBits(Lane16 left, Lane16 right) =>
        new(Vector512.Min(left._value.AsInt32(), right._value.AsInt32()).AsSingle());

    public static Lane16 MaxBits(Lane16 left, Lane16 right) =>
        new(Vector512.Max(left._value.AsInt32(), right._value.AsInt32()).AsSingle());

    public static int LargestBits(Lane16 bits) =>
        Lane8.LargestBits(Lane8.MaxBits(new(bits._value.GetLower()), new(bits._value.GetUpper())));

    public static Lane16 AndBits(Lane16 left, Lane16 right) => new(left._value & right._value);

    public static Lane16 OrBits(Lane16 left, Lane16 right) => new(left._value | right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 OrMaskedBits(Lane16 bits, Lane16 other, Lane16 mask) => Avx512F.IsSupported
        ? new(Avx512F.TernaryLogic(bits._value, other._value, mask._value, FirstOrBoth))
        : OrBits(bits, AndBits(other, mask));

    public static Lane16 ShiftLeftBits(Lane16 bits, int count) => new((bits.Bits << count).AsSingle());

    public static Lane16 ShiftRightBits(Lane16 bits, int count) => new((bits.Bits >>> count).AsSingle());

    public static Lane16 LoadUpperBits(byte* address)
    {
        Vector512<uint> bits = Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int32(Vector128.Load(address)).AsUInt32()
            : Widened(Vector256.WidenLower(Vector128.Load(address).ToVector256Unsafe()));
        return new((bits << 24).AsSingle());
    }

    public static Lane16 LoadUpperBits(ushort* address)
    {
        Vector512<uint> bits = Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int32(Vector256.Load(address)).AsUInt32()
            : Widened(Vector256.Load(address));
        return new((bits << 16).AsSingle());
    }

    public static void StoreUpperBits(Lane16 bits, byte* address)
    {
        if (Avx512Vbmi.IsSupported)
        {
            Avx512Vbmi.PermuteVar64x8(bits._value.AsByte(), UpperBytes).GetLower().GetLower().Store(address);
            return;
        }

        Vector512<uint> upper = bits.Bits >>> 24;
        (Avx512F.IsSupported
            ? Avx512F.ConvertToVector128Byte(upper)
            : Vector128.Narrow(Narrowed(upper).GetLower(), Narrowed(upper).GetUpper())).Store(address);
    }

    public static void StoreUpperBits(Lane16 bits, ushort* address)
    {
        (Avx512BW.IsSupported
            ? Avx512BW.PermuteVar32x16(bits._value.AsUInt16(), UpperPairs).GetLower()
            : Narrowed(bits.Bits >>> 16)).Store(address);
    }

    // The truth table of a | (b & c).
    private const byte FirstOrBoth = 0xF8;

    private Vector512<uint> Bits => _value.AsUInt32();

    // The upper byte of each of the 16 elements, in order.
    private static Vector512<byte> UpperBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(0x1F1B17130F0B0703, 0x3F3B37332F2B2723, 0, 0, 0, 0, 0, 0ul).AsByte();
    }

    private static Vector512<ushort> UpperPairs
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(0x0007000500030001, 0x000F000D000B0009, 0x0017001500130011, 0x001F001D001B0019, 0, 0, 0, 0ul).AsUInt16();
    }

    private static Vector512<uint> Widened(Vector256<ushort> bits) => Vector512.WidenLower(bits.ToVector512Unsafe());

    private static Vector256<ushort> Narrowed(Vector512<uint> bits) => Vector256.Narrow(bits.GetLower(), bits.GetUpper());
}
