namespace Optimizers;

/// <summary>One element: what is left over at the end of a buffer.</summary>
internal readonly unsafe struct Lane1(float value) : ILane<Lane1>
{
    private readonly float _value = value;

    public static int Count => 1;

    public static Lane1 Splat(float value) => new(value);

    public static Lane1 operator +(Lane1 left, Lane1 right) => new(left._value + right._value);

    public static Lane1 operator -(Lane1 left, Lane1 right) => new(left._value - right._value);

    public static Lane1 operator *(Lane1 left, Lane1 right) => new(left._value * right._value);

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

    public static void Store(Lane1 value, float* address) => *address = value._value;

    public static void StoreRounded(Lane1 value, BFloat16* address) => *address = BFloat16.Round(value._value);
}
