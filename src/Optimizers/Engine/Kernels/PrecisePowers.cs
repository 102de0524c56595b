namespace Optimizers.Engine;

/// <summary>Precise powers at any exponent, slower than <see cref="Powers"/>. They too have the same bits on every platform.</summary>
internal static class PrecisePowers
{
    /// <summary>
    /// The power with an error of about one bit, at any exponent. It is 0 or infinity if it is far outside the range of a float.
    /// </summary>
    /// <remarks>
    /// Each squaring doubles the relative error, so plain arithmetic loses eight digits in a power of a hundred million. This
    /// method computes with twice the digits.
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

            // At least the square of this number is still to be multiplied in.
            if (square.High is < 1e-150 or > 1e150)
            {
                return square.High < 1 ? 0 : double.PositiveInfinity;
            }

            square = TwoDoubles.Product(square, square);
        }
    }

    /// <summary>A number as the sum of two doubles. The second one holds the digits that do not fit into the first.</summary>
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

            // Dekker 1971: products of half-length factors are exact, so this is the rounding error of the product.
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
