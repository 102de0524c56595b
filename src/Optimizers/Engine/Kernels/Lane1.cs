namespace Optimizers.Engine;

/// <summary>A lane of one element, for the rest at the end of a buffer.</summary>
internal readonly unsafe struct Lane1(float value) : ILane<Lane1>
{
    private readonly float _value = value;

    public static int Count => 1;

    public static Lane1 Splat(float value) => new(value);

    public static Lane1 operator +(Lane1 left, Lane1 right) => new(left._value + right._value);

    public static Lane1 operator -(Lane1 left, Lane1 right) => new(left._value - right._value);

    public static Lane1 operator *(Lane1 left, Lane1 right) => new(left._value * right._value);

    public static Lane1 operator *(float left, Lane1 right) => new(left * right._value);

    public static Lane1 operator *(Lane1 left, float right) => new(left._value * right);

    public static Lane1 operator +(Lane1 left, float right) => new(left._value + right);

    public static Lane1 operator /(Lane1 left, Lane1 right) => new(left._value / right._value);

    public static Lane1 operator -(Lane1 value) => new(-value._value);

    public static Lane1 Sqrt(Lane1 value) => new(MathF.Sqrt(value._value));

    public static Lane1 Abs(Lane1 value) => new(MathF.Abs(value._value));

    public static Lane1 Min(Lane1 left, Lane1 right) => new(MathF.Min(left._value, right._value));

    public static Lane1 Max(Lane1 left, Lane1 right) => new(MathF.Max(left._value, right._value));

    public static Lane1 CopySign(Lane1 magnitude, Lane1 sign) => new(MathF.CopySign(magnitude._value, sign._value));

    public static Lane1 Pow(Lane1 value, Lane1 exponent) => LanePower.Of(value, exponent);

    public static Lane1 IfLess(Lane1 left, Lane1 right, Lane1 then, Lane1 otherwise) =>
        left._value < right._value ? then : otherwise;

    public static Lane1 IfEqual(Lane1 left, Lane1 right, Lane1 then, Lane1 otherwise) =>
        left._value == right._value ? then : otherwise;

    public static Lane1 Load(float* address) => new(*address);

    public static Lane1 Load(float* address, float factor) => new(*address * factor);

    public static void Store(Lane1 value, float* address) => *address = value._value;

    public static Lane1 CountingBits => SplatBits(0);

    public static Lane1 SplatBits(uint bits) => new(BitConverter.UInt32BitsToSingle(bits));

    public static Lane1 AddBits(Lane1 left, Lane1 right) => SplatBits(left.Bits + right.Bits);

    public static Lane1 MultiplyBits(Lane1 left, Lane1 right) => SplatBits(left.Bits * right.Bits);

    public static Lane1 MinBits(Lane1 left, Lane1 right) => SplatBits((uint)Math.Min((int)left.Bits, (int)right.Bits));

    public static Lane1 MaxBits(Lane1 left, Lane1 right) => SplatBits((uint)Math.Max((int)left.Bits, (int)right.Bits));

    public static int LargestBits(Lane1 bits) => (int)bits.Bits;

    public static Lane1 AndBits(Lane1 left, Lane1 right) => SplatBits(left.Bits & right.Bits);

    public static Lane1 OrBits(Lane1 left, Lane1 right) => SplatBits(left.Bits | right.Bits);

    public static Lane1 ShiftLeftBits(Lane1 bits, int count) => SplatBits(bits.Bits << count);

    public static Lane1 ShiftRightBits(Lane1 bits, int count) => SplatBits(bits.Bits >>> count);

    public static Lane1 LoadUpperBits(byte* address) => SplatBits(Read(address) << 24);

    public static Lane1 LoadUpperBits(ushort* address) => SplatBits(Read(address) << 16);

    public static void StoreUpperBits(Lane1 bits, byte* address) => *address = (byte)(bits.Bits >> 24);

    public static void StoreUpperBits(Lane1 bits, ushort* address) => *address = (ushort)(bits.Bits >> 16);

    // Not inlined: the compiler of .NET 10 widens a narrow load to four bytes if its bits are reinterpreted as a float.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static uint Read(byte* address) => *address;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static uint Read(ushort* address) => *address;

    private uint Bits => BitConverter.SingleToUInt32Bits(_value);
}
