using System.Globalization;

namespace Optimizers.Tests;

/// <summary>Ticks of an axis: they are regular for every range, and their labels are exact.</summary>
public sealed class ChartAxisTests
{
    private const int Ranges = 2_000;

    private static List<(string Kind, double Low, double High)> Axes()
    {
        var axes = new List<(string Kind, double Low, double High)>
        {
            ("whole", 1, 20),
            ("whole", 1, 101),
            ("whole", 0, 7),
            ("whole", 999, 1_001),
            ("whole", -3, 40),
            ("whole", 1e14, 1e14 + 20),
            ("whole", 0, 1L << 62),
            ("whole", double.MinValue, double.MaxValue),
            ("linear", 0, 3.27),
            ("linear", 0.85, 0.95),
            ("linear", -1e-3, 2e-3),
            ("linear", 12_345_678.1, 12_345_679.3),
            ("linear", 1e16, 1e16 + 2),
            ("linear", 0, double.Epsilon),
            ("linear", double.MinValue, double.MaxValue),
            ("logarithmic", 0.028, 2.3),
            ("logarithmic", 3e-3, 4e-3),
            ("logarithmic", 1.1, 9.9),
            ("logarithmic", 1e-16, 1e9),
            ("logarithmic", 0.123456, 0.123457),
            ("logarithmic", double.Epsilon, double.MaxValue),
            ("logarithmic", double.MaxValue, double.MaxValue),
        };
        var random = new Random(1);
        for (int i = 0; i < Ranges; i++)
        {
            double magnitude = Math.Pow(10, random.Next(-12, 13) + random.NextDouble());
            double other = magnitude * (1 + Math.Pow(10, (random.NextDouble() * 12) - 6));
            axes.Add(("logarithmic", magnitude, other));
            axes.Add(("linear", random.Next(2) == 0 ? magnitude : -magnitude, other));
            double first = Math.Round(Math.Pow(10, random.NextDouble() * 6));
            axes.Add(("whole", first, first + Math.Round(Math.Pow(10, random.NextDouble() * 7))));
        }

        return axes;
    }

    [Fact]
    public void TicksAreRegularAndWithinTheRange()
    {
        string[] wrong =
        [
            .. from axis in Axes()
               from most in new[] { 11, 5 }
               let fault = FaultOf(axis.Kind, axis.Low, axis.High, most)
               where fault.Length > 0
               select string.Create(CultureInfo.InvariantCulture, $"{axis.Kind} from {axis.Low} to {axis.High}, at most {most}: {fault}"),
        ];
        wrong.Should().BeEmpty();
    }

    [Theory]
    [InlineData(1, 20, "2 4 6 8 10 12 14 16 18 20")]
    [InlineData(1, 5, "1 2 3 4 5")]
    [InlineData(1, 101, "10 20 30 40 50 60 70 80 90 100")]
    [InlineData(0, 1_000, "0 100 200 300 400 500 600 700 800 900 1,000")]
    [InlineData(5, 5, "5")]
    public void TicksOfAWholeAxisAreMultiplesOfARoundStep(double first, double last, string labels) =>
        Labels(ChartAxis.Whole([first, last], _ => true)).Should().Be(labels);

    [Theory]
    [InlineData(-5, 1.5, "-5 -4 -3 -2 -1 0 1")]
    [InlineData(0, 1, "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1.0")]
    [InlineData(0.25, 0.75, "0.25 0.30 0.35 0.40 0.45 0.50 0.55 0.60 0.65 0.70 0.75")]
    [InlineData(-1.3, 1.3, "-1.0 -0.5 0 0.5 1.0")]
    public void AxisWithAGivenRangeShowsExactlyThisRange(double low, double high, string labels)
    {
        ChartAxis axis = ChartAxis.Within(low, high, _ => true);
        Labels(axis).Should().Be(labels);
        (axis.ShareOf(low), axis.ShareOf(high)).Should().Be((0, 1));
    }

    [Fact]
    public void MinorTicksFillTheDecadesOfALogarithmicAxis()
    {
        ChartAxis.Logarithmic([1e-3, 1e3], axis => axis.Ticks.Count < 8).MinorTicks[0].Where(tick => tick is > 1 and < 10)
            .Should().Equal(2, 3, 4, 5, 6, 7, 8, 9);
        ChartAxis.Logarithmic([0.5, 20], _ => true).MinorTicks.Single().Should().Equal(0.6, 0.7, 0.8, 0.9, 3, 4, 6, 7, 8, 9);
        ChartAxis.Logarithmic([1e-16, 1e9], _ => true).MinorTicks.Single().Should().HaveCount(21).And.Contain([1e-14, 1e8]).And.NotContain(1e-15);
        ChartAxis.Logarithmic([3, 4], _ => true).MinorTicks.Should().BeEmpty();
        ChartAxis.Linear([0, 10], _ => true).MinorTicks.Should().BeEmpty();
    }

    [Theory]
    [InlineData(0.028, 2.3, "0.05 0.1 0.2 0.5 1 2")]
    [InlineData(1e-5, 10, "1e-5 0.0001 0.001 0.01 0.1 1 10")]
    [InlineData(1e-16, 1e9, "1e-15 1e-10 1e-5 1 100,000")]
    [InlineData(3, 4, "3.0 3.2 3.4 3.6 3.8 4.0")]
    [InlineData(0.1, 0.1, "0.05 0.1 0.2")]
    public void TicksOfALogarithmicAxisAreRound(double low, double high, string labels) =>
        Labels(ChartAxis.Logarithmic([low, high], _ => true)).Should().Be(labels);

    private static string Labels(ChartAxis axis) => string.Join(' ', axis.Ticks.Select(tick => tick.Label));

    private static string FaultOf(string kind, double low, double high, int most)
    {
        bool Fits(ChartAxis axis) => axis.Ticks.Count <= most;
        ChartAxis axis = kind switch
        {
            "whole" => ChartAxis.Whole([low, high], Fits),
            "linear" => ChartAxis.Linear([low, high], Fits),
            _ => ChartAxis.Logarithmic([low, high], Fits),
        };
        double[] ticks = [.. axis.Ticks.Select(tick => tick.Value)];
        string all = string.Join(' ', axis.Ticks.Select(tick => tick.Label));
        bool exact = kind == "linear" || high / low <= 1 + 1e-8 || (axis.ShareOf(low), axis.ShareOf(high)) == (0, 1);
        return ticks.Length < 2 || ticks.Length > most ? $"{ticks.Length} ticks: {all}"
            : ticks.Any(tick => !Inside(axis.ShareOf(tick))) ? $"ticks outside the axis: {all}"
            : axis.Ticks.DistinctBy(tick => tick.Label).Count() < ticks.Length ? $"equal labels: {all}"
            : axis.Ticks.Any(tick => !(Math.Abs(Number(tick.Label) - tick.Value) <= Math.Abs(tick.Value) * 1e-9)) ? $"wrong labels: {all}"
            : !Inside(axis.ShareOf(low)) || !Inside(axis.ShareOf(high)) || !exact ? "the axis does not cover the range"
            : AreRegular(kind, ticks, low, high) ? ""
            : $"not regular: {all}";
    }

    private static bool Inside(double share) => share is >= -1e-9 and <= 1 + 1e-9;

    // Ticks are regular if they are all numbers in the range of one of these series: the multiples of a round step, the series
    // 1, 2, 5, 10, …, or the powers of a power of ten.
    private static bool AreRegular(string kind, double[] ticks, double low, double high)
    {
        if (ticks is [var first, var last] && kind == "whole" && (first, last) == (low, high))
        {
            return true;
        }

        double step = ticks[1] - ticks[0];
        bool multiples = IsRound(step) && ticks.Zip(ticks.Skip(1)).All(pair => Near(pair.Second - pair.First, step, ticks[^1]))
            && Array.TrueForAll(ticks, tick => Near(Math.Round(tick / step) * step, tick, ticks[^1]))
            && ticks[0] - step < low && ticks[^1] + step > high;
        if (multiples || kind != "logarithmic")
        {
            return multiples;
        }

        double ratio = ticks[1] / ticks[0];
        bool powers = IsRound(ratio) && ticks.Zip(ticks.Skip(1)).All(pair => Near(pair.Second / pair.First, ratio, ratio))
            && ticks[0] / ratio < low && ticks[^1] * ratio > high;
        return powers
            || (Array.TrueForAll(ticks, IsRound)
                && ticks.Zip(ticks.Skip(1)).All(pair => pair.Second / pair.First < 2.51)
                && ticks[0] / 2.51 < low && ticks[^1] * 2.51 > high);
    }

    private static bool IsRound(double number) =>
        number.ToString("0.#####e0", CultureInfo.InvariantCulture).Split('e')[0] is "1" or "2" or "5";

    private static bool Near(double one, double other, double scale) => Math.Abs(one - other) <= 1e-6 * Math.Abs(scale);

    private static double Number(string label) => double.Parse(label, CultureInfo.InvariantCulture);
}
