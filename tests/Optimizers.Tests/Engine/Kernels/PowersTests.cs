namespace Optimizers.Tests;

public sealed class PowersTests
{
    private static readonly double[] _values = [1e-300, 1e-10, 0.1, 0.5, 0.96, 0.9999, 1, 1.0001, 2, 3, 1e10, 1e100];

    [Fact]
    public void RealPowerMatchesThePlatformToTheLastDigits()
    {
        foreach (double value in _values)
        {
            foreach (double exponent in new[] { 0, 1e-12, 0.004, 0.25, 1 / 3.0, 0.5, 0.75, 1, 1.5, 2, 2.7, -0.5, -1, -2.25 })
            {
                double expected = Math.Pow(value, exponent);
                Powers.Of(value, exponent).Should().BeApproximately(expected, 3e-14 * expected, $"this is {value} to the power {exponent}");
            }
        }
    }

    [Fact]
    public void RootsOfSquaresAndWholePowersAreExact()
    {
        Powers.Of(9, 0.5).Should().Be(3);
        Powers.Of(16, 0.25).Should().Be(2);
        Powers.Of(16, 0.75).Should().Be(8);
        Powers.Of(4, -1.5).Should().Be(0.125);
        Powers.Of(0.9, 7.0).Should().Be(Powers.Of(0.9, 7ul));
        Powers.Of(0, 0.0).Should().Be(1);
        Powers.Of(0, 0.3).Should().Be(0);
        Powers.Of(0, -1.0).Should().Be(double.PositiveInfinity);
        Powers.Of(0.5, 1e30).Should().Be(0);
    }

    [Fact]
    public void LogarithmMatchesThePlatformToTheLastDigits()
    {
        foreach (double value in _values.Append(double.Epsilon).Append(double.MaxValue).Append(Math.Sqrt(2)))
        {
            double expected = Math.Log(value);
            Powers.Log(value).Should().BeApproximately(expected, 4e-16 * Math.Abs(expected), $"this is the logarithm of {value:R}");
        }
    }
}
