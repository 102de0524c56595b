namespace Optimizers;

/// <summary>Powers that are the same number on every platform, unlike those of its own library.</summary>
internal static class Powers
{
    /// <summary>The power, by repeated squaring.</summary>
    public static double Of(double value, ulong exponent)
    {
        // Which bits are set differs from step to step, so a choice without a branch is the faster one.
        long one = BitConverter.DoubleToInt64Bits(1);
        double power = 1;
        double square = value;
        for (; exponent != 0; exponent >>= 1)
        {
            long chosen = -(long)(exponent & 1) & (BitConverter.DoubleToInt64Bits(square) ^ one);
            power *= BitConverter.Int64BitsToDouble(chosen ^ one);
            square *= square;

            // From here on every further square is 0 too.
            if (square < 1e-300 && exponent > 1)
            {
                return 0;
            }
        }

        return power;
    }
}
