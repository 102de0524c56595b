using System.Numerics;

namespace Optimizers.Tests;

public sealed class BiasCorrectionTests
{
    private const int FractionBits = 400;

    private static readonly double[] _betas =
        [0, 1e-300, 0.1, 0.5, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 0.99999, 0.999999, 1 - (1.0 / (1 << 24))];

    private static readonly long[] _iterations =
        [1, 2, 3, 7, 10, 63, 64, 65, 100, 1_000, 9_999, 65_536, 1_000_000, 16_777_217, 123_456_789, 1_000_000_000];

    [Fact]
    public void BiasCorrectionIsOneMinusThePowerToTheLastDigits()
    {
        foreach (double beta in _betas)
        {
            foreach (long t in _iterations)
            {
                double power = Power(beta, t);
                double actual = new StepScalars(t, 0, 0).BiasCorrection(beta);

                // Every squaring rounds once and doubles the earlier rounding errors: together t half ulps of the power.
                double bound = ((power * t) + 1) * double.BitIncrement(1) * (1.0 / (1L << 53));
                actual.Should().BeApproximately(OneMinusPower(beta, t), bound, $"β = {beta:R}, t = {t}");
            }
        }
    }

    [Fact]
    public void FirstBiasCorrectionIsExact()
    {
        foreach (double beta in _betas)
        {
            new StepScalars(1, 0, 0).BiasCorrection(beta).Should().Be(1 - beta);
        }
    }

    [Fact]
    public void BiasCorrectionIsOneOnceThePowerIsNegligible()
    {
        foreach (double beta in _betas)
        {
            // Around the first update for which the power is not computed any more.
            long first = (long)(40 / (1 - beta));
            for (long t = Math.Max(1, first - 3); t <= first + 3; t++)
            {
                new StepScalars(t, 0, 0).BiasCorrection(beta).Should().Be(1 - Powers.Of(beta, (ulong)t), $"β = {beta:R}, t = {t}");
            }
        }
    }

    [Fact]
    public void BiasCorrectionIsOneAtTheLargestIteration() =>
        new StepScalars(long.MaxValue, 0, 0).BiasCorrection(1 - (1.0 / (1 << 24))).Should().Be(1);

    private static double Power(double beta, long t) => (double)Fixed(beta, t) / Math.Pow(2, FractionBits);

    private static double OneMinusPower(double beta, long t) =>
        (double)((BigInteger.One << FractionBits) - Fixed(beta, t)) / Math.Pow(2, FractionBits);

    // Fixed point with 400 binary places, each product rounded down. At least 340 places are correct for every t here.
    private static BigInteger Fixed(double beta, long t)
    {
        BigInteger square = new BigInteger(beta * (1L << 62) * (1L << 62)) << (FractionBits - 124);
        BigInteger power = BigInteger.One << FractionBits;
        for (; t != 0; t >>= 1)
        {
            power = (t & 1) != 0 ? (power * square) >> FractionBits : power;
            square = (square * square) >> FractionBits;
        }

        return power;
    }
}
