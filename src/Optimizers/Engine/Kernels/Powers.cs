namespace Optimizers.Engine;

/// <summary>Powers and logarithms with the same bits on every platform, unlike the functions of the platform's own library.</summary>
internal static class Powers
{
    // Further binary places of an exponent change a power by no more than its last digit.
    private const int Places = 64;

    // The rest of the series is below the last digit, because the largest argument is (√2 − 1)/(√2 + 1).
    private const int LastTerm = 25;

    /// <summary>The power, computed by repeated squaring.</summary>
    public static double Of(double value, ulong exponent)
    {
        // The set bits differ from step to step, so a choice without a branch is faster.
        long one = BitConverter.DoubleToInt64Bits(1);
        double power = 1;
        double square = value;
        for (; exponent != 0; exponent >>= 1)
        {
            long chosen = -(long)(exponent & 1) & (BitConverter.DoubleToInt64Bits(square) ^ one);
            power *= BitConverter.Int64BitsToDouble(chosen ^ one);
            square *= square;

            // From here on every further square is 0.
            if (square < 1e-300 && exponent > 1)
            {
                return 0;
            }
        }

        return power;
    }

    /// <summary>
    /// The power of a number of at least 0. The integer part is computed by repeated squaring, and each binary place of the fraction by a
    /// square root.
    /// </summary>
    public static double Of(double value, double exponent)
    {
        if (exponent < 0)
        {
            return 1 / Of(value, -exponent);
        }

        double whole = Math.Floor(exponent);
        double power = Of(value, (ulong)whole);
        double rest = exponent - whole;
        double root = value;
        for (int place = 0; place < Places && rest > 0; place++)
        {
            root = Math.Sqrt(root);
            rest *= 2;
            if (rest >= 1)
            {
                power *= root;
                rest--;
            }
        }

        return power;
    }

    /// <summary>The natural logarithm of a finite number above 0.</summary>
    public static double Log(double value)
    {
        // ln(m·2ᵉ) = 2·artanh((m − 1)/(m + 1)) + e·ln 2, with m between √½ and √2.
        int exponent = Math.ILogB(value);
        double m = Math.ScaleB(value, -exponent);
        if (m * m > 2)
        {
            m /= 2;
            exponent++;
        }

        double x = (m - 1) / (m + 1);
        double sum = 0;
        for (int k = LastTerm; k > 0; k -= 2)
        {
            sum = (sum * x * x) + (1.0 / k);
        }

        return (2 * x * sum) + (exponent * 0.693147180559945309);
    }
}
