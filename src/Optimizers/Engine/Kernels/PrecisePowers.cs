namespace Optimizers.Engine;

/// <summary>Powers that keep their digits at any exponent; slower than <see cref="Powers"/>, and as alike on every platform.</summary>
internal static class PrecisePowers
{
    /// <summary>
    /// The power to the last bit or so, whatever the exponent; 0 or infinity where it is far beyond what a float holds.
    /// </summary>
    /// <remarks>
    /// Each squaring doubles the relative error, so that after a hundred million factors eight digits of plain arithmetic
    /// are gone. Here twice the digits are carried along.
    /// </remarks>
    public static double Of(double value, ulong exponent)
    {
        var power = new TwoDoubles(1, 0);
        var square = new TwoDoubles(value, 0);
        while (true)
        {
            if ((exponent & 1) != 0)
            {
                power = TwoDoubles.Product(power, square);
            }

            exponent >>= 1;
            if (exponent == 0)
            {
                return power.High;
            }

            // Its square, at least, is a factor yet to come.
            if (square.High is < 1e-150 or > 1e150)
            {
                return square.High < 1 ? 0 : double.PositiveInfinity;
            }

            square = TwoDoubles.Product(square, square);
        }
    }

    /// <summary>A number as the sum of two, of which the second is what the first has no digits for.</summary>
    private readonly struct TwoDoubles(double high, double low)
    {
        public double High { get; } = high;

        private readonly double _low = low;

        public static TwoDoubles Product(TwoDoubles x, TwoDoubles y)
        {
            double high = x.High * y.High;
            if (high is < 1e-290 or > 1e290)
            {
                return new TwoDoubles(high, 0);
            }

            // Dekker 1971: products of halves of the digits are exact, so this is what the product has been rounded by.
            (double x1, double x2) = Halves(x.High);
            (double y1, double y2) = Halves(y.High);
            double lost = (x1 * y1 - high) + x1 * y2 + x2 * y1 + x2 * y2;
            double low = lost + (x.High * y._low + x._low * y.High);
            double sum = high + low;
            return new TwoDoubles(sum, high - sum + low);
        }

        private static (double Upper, double Lower) Halves(double value)
        {
            double shifted = value * ((1 << 27) + 1);
            double upper = shifted - (shifted - value);
            return (upper, value - upper);
        }
    }
}
