namespace Optimizers.Engine;

/// <summary>
/// Converts between the 16-bit codes and the values of state. The loops run to the end of a lane; memory and scratch have room for it.
/// </summary>
internal static unsafe class CodeLoops
{
    private const nuint Widest = 16;

    /// <summary>The number of elements that need memory.</summary>
    public static nuint RoomFor(int length) => WholeLanes((nuint)length);

    /// <summary>Decodes values. Codes and values start with element 0.</summary>
    public static void Read<TCode>(ushort* codes, float* values, nuint start, nuint end, int widestLane)
        where TCode : struct, IStateCode =>
        NumberLoops.Decode<TCode>(codes, values, start, WholeLanes(end), widestLane);

    /// <summary>Encodes values.</summary>
    public static void Write<TCode>(float* values, ushort* codes, RoundingDither dither, nuint start, nuint end, int widestLane)
        where TCode : struct, IStateCode =>
        NumberLoops.RoundAtRandom<TCode>(values, codes, dither, start, WholeLanes(end), widestLane);

    private static nuint WholeLanes(nuint length) => (length + (Widest - 1)) / Widest * Widest;
}
