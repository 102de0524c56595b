namespace Optimizers.Tests;

internal static class BadNumbers
{
    /// <summary>
    /// Both signs of NaN, because some checks of the framework accept one of them, and a number that is infinite as a
    /// float.
    /// </summary>
    public static readonly double[] NotFiniteOrNegative =
    [
        BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_0000),
        BitConverter.Int64BitsToDouble(unchecked((long)0xFFF8_0000_0000_0000)),
        double.PositiveInfinity,
        double.NegativeInfinity,
        1e39,
        -1,
        -double.Epsilon,
    ];
}
