namespace Optimizers.Engine;

/// <summary>
/// The scale of a block: the smallest power of two with which every finite value in the block has a code. Multiplying and dividing by it
/// is exact, so a value that a rule does not change keeps its code.
/// </summary>
internal static unsafe class BlockScale
{
    private const int Fraction = (1 << 23) - 1;
    private const int One = 127 << 23;

    // The scale has a lower bound, so that the smallest nonzero value is at least this one. Smaller values are or become denormal, and
    // rules flush them.
    private const float LeastValue = 1f / (1L << 61) / (1L << 61);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of<V, TCode>(float* values)
        where V : struct, ILane<V>
        where TCode : struct, IBlockCode
    {
        int largest = BitConverter.SingleToInt32Bits(TCode.Largest);
        int least = BitConverter.SingleToInt32Bits(LeastValue) - BitConverter.SingleToInt32Bits(ByteCode.Least) + One;
        int up = LargestMagnitude<V>(values) + (Fraction - (largest & Fraction));
        return BitConverter.Int32BitsToSingle(Math.Max((up & ~Fraction) - (largest & ~Fraction) + One, least));
    }

    /// <summary>The inverse of a power of two, computed without a division.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Inverse(float scale) =>
        BitConverter.Int32BitsToSingle((2 * One) - BitConverter.SingleToInt32Bits(scale));

    // The bits of the largest finite magnitude. An addition makes the bits of infinity and NaN negative integers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LargestMagnitude<V>(float* values)
        where V : struct, ILane<V>
    {
        const int Shift = 1 << 23;
        V shift = V.SplatBits(Shift);
        V magnitude = V.SplatBits(int.MaxValue);
        V largest = shift;
        nuint i = 0;
        do
        {
            largest = V.MaxBits(largest, V.AddBits(V.AndBits(V.Load(values + i), magnitude), shift));
            i += (nuint)V.Count;
        }
        while (i != Blocks.Length);

        return V.LargestBits(largest) - Shift;
    }
}
