namespace CharModel;

/// <summary>
/// Random numbers that are a pure function of a seed, a purpose and an index. There is no generator with a state, so a
/// checkpoint need not save one.
/// </summary>
internal static class Noise
{
    /// <summary>Returns 64 random bits: the finaliser of SplitMix64 (Steele, Lea &amp; Flood 2014), applied to each argument in turn.</summary>
    public static ulong Bits(long seed, string purpose, long index)
    {
        ulong bits = Mix((ulong)seed);
        foreach (char letter in purpose)
        {
            bits = Mix(bits ^ letter);
        }

        return Mix(bits ^ (ulong)index);
    }

    /// <summary>Returns a whole number from 0 to <paramref name="limit"/> − 1.</summary>
    public static int Below(int limit, long seed, string purpose, long index) =>
        (int)Math.BigMul(Bits(seed, purpose, index), (ulong)limit, out _);

    /// <summary>Returns a number from 0 (included) to 1 (excluded).</summary>
    public static double Uniform(long seed, string purpose, long index) => (Bits(seed, purpose, index) >> 11) * Math.ScaleB(1, -53);

    /// <summary>Returns a number from the normal distribution with mean 0 and standard deviation 1 (Box &amp; Muller 1958).</summary>
    public static double Normal(long seed, string purpose, long index)
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - Uniform(seed, purpose, 2 * index)));
        return radius * Math.Cos(2 * Math.PI * Uniform(seed, purpose, (2 * index) + 1));
    }

    private static ulong Mix(ulong bits)
    {
        bits += 0x9E3779B97F4A7C15;
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
}
