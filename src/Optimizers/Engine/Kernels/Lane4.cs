using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Optimizers.Engine;

/// <summary>A lane of 4 elements in a <see cref="Vector128{T}"/>.</summary>
internal readonly unsafe struct Lane4(Vector128<float> value) : ILane<Lane4>
{
    private readonly Vector128<float> _value = value;

    public static int Count => 4;

    public static Lane4 Splat(float value) => new(Vector128.Create(value));

    public static Lane4 operator +(Lane4 left, Lane4 right) => new(left._value + right._value);

    public static Lane4 operator -(Lane4 left, Lane4 right) => new(left._value - right._value);

    public static Lane4 operator *(Lane4 left, Lane4 right) => new(left._value * right._value);

    public static Lane4 operator *(float left, Lane4 right) => new(Vector128.Create(left) * right._value);

    public static Lane4 operator *(Lane4 left, float right) => new(left._value * Vector128.Create(right));

    public static Lane4 operator +(Lane4 left, float right) => new(left._value + Vector128.Create(right));

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

    public static Lane4 Load(float* address, float factor) => new(Vector128.Load(address) * factor);

    public static void Store(Lane4 value, float* address) => value._value.Store(address);

    public static Lane4 CountingBits => new(Vector128<uint>.Indices.AsSingle());

    public static Lane4 SplatBits(uint bits) => new(Vector128.Create(bits).AsSingle());

    public static Lane4 AddBits(Lane4 left, Lane4 right) => new((left.Bits + right.Bits).AsSingle());

    public static Lane4 MultiplyBits(Lane4 left, Lane4 right) => new((left.Bits * right.Bits).AsSingle());

    public static Lane4 MinBits(Lane4 left, Lane4 right) =>
        new(Vector128.Min(left._value.AsInt32(), right._value.AsInt32()).AsSingle());

    public static Lane4 MaxBits(Lane4 left, Lane4 right) =>
        new(Vector128.Max(left._value.AsInt32(), right._value.AsInt32()).AsSingle());

    public static int LargestBits(Lane4 bits)
    {
        Vector128<int> two = bits._value.AsInt32();
        two = Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    public static Lane4 AndBits(Lane4 left, Lane4 right) => new(left._value & right._value);

    public static Lane4 OrBits(Lane4 left, Lane4 right) => new(left._value | right._value);

    public static Lane4 ShiftLeftBits(Lane4 bits, int count) => new((bits.Bits << count).AsSingle());

    public static Lane4 ShiftRightBits(Lane4 bits, int count) => new((bits.Bits >>> count).AsSingle());

    // On x64 with SSE2 instructions: without SSE4.1, which a native AOT build does not assume, the portable operations are calls.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane4 LoadUpperBits(byte* address)
    {
        Vector128<byte> bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(address)).AsByte();
        if (Sse2.IsSupported)
        {
            Vector128<byte> pairs = Sse2.UnpackLow(Vector128<byte>.Zero, bytes);
            return new(Sse2.UnpackLow(Vector128<ushort>.Zero, pairs.AsUInt16()).AsSingle());
        }

        return new((Vector128.WidenLower(Vector128.WidenLower(bytes)) << 24).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane4 LoadUpperBits(ushort* address) => Sse2.IsSupported
        ? new(Sse2.UnpackLow(Vector128<ushort>.Zero, Sse2.LoadScalarVector128((ulong*)address).AsUInt16()).AsSingle())
        : new((Vector128.WidenLower(Vector64.Load(address).ToVector128Unsafe()) << 16).AsSingle());

    // The shifts keep the sign, so the saturation in the narrowing has no effect.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreUpperBits(Lane4 bits, byte* address)
    {
        if (Sse2.IsSupported)
        {
            Vector128<short> words = Sse2.PackSignedSaturate(bits._value.AsInt32() >> 24, Vector128<int>.Zero);
            Vector128<sbyte> bytes = Sse2.PackSignedSaturate(words, Vector128<short>.Zero);
            Unsafe.WriteUnaligned(address, bytes.AsUInt32().ToScalar());
        }
        else
        {
            Vector128<byte> bytes = Vector128.Narrow(Narrowed(bits.Bits >>> 24), Vector128<ushort>.Zero);
            Unsafe.WriteUnaligned(address, bytes.AsUInt32().ToScalar());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreUpperBits(Lane4 bits, ushort* address)
    {
        if (Sse2.IsSupported)
        {
            Vector128<short> words = Sse2.PackSignedSaturate(bits._value.AsInt32() >> 16, Vector128<int>.Zero);
            Sse2.StoreScalar((ulong*)address, words.AsUInt64());
        }
        else
        {
            Narrowed(bits.Bits >>> 16).GetLower().Store(address);
        }
    }

    private Vector128<uint> Bits => _value.AsUInt32();

    private static Vector128<ushort> Narrowed(Vector128<uint> bits) => Vector128.Narrow(bits, Vector128<uint>.Zero);
}
