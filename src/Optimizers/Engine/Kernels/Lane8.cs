using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Optimizers.Engine;

/// <summary>A lane of 8 elements in a <see cref="Vector256{T}"/>.</summary>
internal readonly unsafe struct Lane8(Vector256<float> value) : ILane<Lane8>
{
    private readonly Vector256<float> _value = value;

    public static int Count => 8;

    public static Lane8 Splat(float value) => new(Vector256.Create(value));

    public static Lane8 operator +(Lane8 left, Lane8 right) => new(left._value + right._value);

    public static Lane8 operator -(Lane8 left, Lane8 right) => new(left._value - right._value);

    public static Lane8 operator *(Lane8 left, Lane8 right) => new(left._value * right._value);

    public static Lane8 operator *(float left, Lane8 right) => new(Vector256.Create(left) * right._value);

    public static Lane8 operator *(Lane8 left, float right) => new(left._value * Vector256.Create(right));

    public static Lane8 operator +(Lane8 left, float right) => new(left._value + Vector256.Create(right));

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

    // IfEqual would compile to a blend, because the compiler does not see that the chosen value is 0.
    public static Lane8 DivideOrZero(Lane8 dividend, Lane8 divisor) =>
        new(Vector256.AndNot(dividend._value / divisor._value, Vector256.Equals(divisor._value, Vector256<float>.Zero)));

    public static Lane8 Load(float* address) => new(Vector256.Load(address));

    public static Lane8 Load(float* address, float factor) => new(Vector256.Load(address) * factor);

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 LoadUpperBits(byte* address)
    {
        if (!Avx2.IsSupported)
        {
            Vector128<ushort> widened = Vector128.WidenLower(Vector64.Load(address).ToVector128Unsafe());
            return new((Vector256.WidenLower(widened.ToVector256Unsafe()) << 24).AsSingle());
        }

        Vector256<byte> twice = Avx2.BroadcastScalarToVector256((ulong*)address).AsByte();
        return new(Avx2.Shuffle(twice, ToUpperBytes).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 LoadUpperBits(ushort* address) => Avx2.IsSupported
        ? new(Avx2.Shuffle(Avx2.BroadcastVector128ToVector256((byte*)address), ToUpperPairs).AsSingle())
        : new((Vector256.WidenLower(Vector128.Load(address).ToVector256Unsafe()) << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreUpperBits(Lane8 bits, byte* address)
    {
        if (Avx2.IsSupported)
        {
            Vector256<byte> ofHalves = Avx2.Shuffle(bits._value.AsByte(), UpperBytes);
            Vector256<uint> together = Avx2.PermuteVar8x32(ofHalves.AsUInt32(), Vector256.Create(0u, 4, 0, 0, 0, 0, 0, 0));
            Unsafe.WriteUnaligned(address, together.AsUInt64().ToScalar());
        }
        else
        {
            Vector128<byte> together = Vector128.Narrow(Narrowed(bits.Bits >>> 24), Vector128<ushort>.Zero);
            Unsafe.WriteUnaligned(address, together.AsUInt64().ToScalar());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreUpperBits(Lane8 bits, ushort* address)
    {
        if (Avx2.IsSupported)
        {
            Vector256<byte> ofHalves = Avx2.Shuffle(bits._value.AsByte(), UpperPairs);
            Avx2.Permute4x64(ofHalves.AsUInt64(), 0b10_00).AsUInt16().GetLower().Store(address);
        }
        else
        {
            Narrowed(bits.Bits >>> 16).Store(address);
        }
    }

    private Vector256<uint> Bits => _value.AsUInt32();

    private static Vector128<ushort> Narrowed(Vector256<uint> bits) => Vector128.Narrow(bits.GetLower(), bits.GetUpper());

    // Both halves contain the same 8 bytes. Moves the first 4 to the elements of the lower half, the last 4 to those of the upper half.
    private static Vector256<byte> ToUpperBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0x00_FF_FF_FFu, 0x01_FF_FF_FF, 0x02_FF_FF_FF, 0x03_FF_FF_FF, 0x04_FF_FF_FF, 0x05_FF_FF_FF, 0x06_FF_FF_FF, 0x07_FF_FF_FF).AsByte();
    }

    private static Vector256<byte> ToUpperPairs
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0x01_00_FF_FFu, 0x03_02_FF_FF, 0x05_04_FF_FF, 0x07_06_FF_FF, 0x09_08_FF_FF, 0x0B_0A_FF_FF, 0x0D_0C_FF_FF, 0x0F_0E_FF_FF).AsByte();
    }

    // The inverse within each half: the upper bytes of its 4 elements become the first 4 bytes.
    private static Vector256<byte> UpperBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(Vector128.Create(0xFF_FF_FF_FF_0F_0B_07_03, ulong.MaxValue)).AsByte();
    }

    private static Vector256<byte> UpperPairs
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(Vector128.Create(0x0F_0E_0B_0A_07_06_03_02, ulong.MaxValue)).AsByte();
    }
}
