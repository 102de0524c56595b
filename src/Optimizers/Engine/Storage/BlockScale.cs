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

    private const int Infinity = 0xFF << 23;

    /// <summary>Whether the bits of the largest magnitude are those of a finite number.</summary>
    public static bool IsFinite(int largest) => largest < Infinity;

    /// <summary>The scale of a block.</summary>
    /// <param name="magnitude">The bits of the largest finite magnitude.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of<TCode>(int magnitude)
        where TCode : struct, IBlockCode
    {
        int largest = BitConverter.SingleToInt32Bits(TCode.Largest);
        int least = BitConverter.SingleToInt32Bits(LeastValue) - BitConverter.SingleToInt32Bits(ByteCode.Least) + One;
        int up = magnitude + (Fraction - (largest & Fraction));
        return BitConverter.Int32BitsToSingle(Math.Max((up & ~Fraction) - (largest & ~Fraction) + One, least));
    }

    /// <summary>The inverse of a power of two, computed without a division.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Inverse(float scale) =>
        BitConverter.Int32BitsToSingle((2 * One) - BitConverter.SingleToInt32Bits(scale));

    /// <summary>The bits of the largest magnitude in a block. Those of infinity and NaN are the largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LargestMagnitude<V>(float* values)
        where V : struct, ILane<V>
    {
        V largest = V.Splat(0);
        nuint i = 0;
        do
        {
            largest = V.MaxBits(largest, V.Abs(V.Load(values + i)));
            i += (nuint)V.Count;
        }
        while (i != Blocks.Length);

        return V.LargestBits(largest);
    }

    /// <summary>The bits of the largest finite magnitude in a block.</summary>
    public static int LargestFiniteMagnitude(float* values)
    {
        int largest = 0;
        for (int i = 0; i < Blocks.Length; i++)
        {
            int magnitude = BitConverter.SingleToInt32Bits(values[i]) & int.MaxValue;
            largest = magnitude < Infinity ? Math.Max(largest, magnitude) : largest;
        }

        return largest;
    }
}
