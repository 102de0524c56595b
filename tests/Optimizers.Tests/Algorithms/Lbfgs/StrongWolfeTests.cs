namespace Optimizers.Tests;

public sealed class StrongWolfeTests
{
    public static TheoryData<string, double> Lines()
    {
        var data = new TheoryData<string, double>();
        foreach (string name in new[] { "parabola", "quartic", "wave", "far", "barrier", "cliff" })
        {
            foreach (double first in new[] { 1e-6, 0.01, 1, 10, 1_000 })
            {
                data.Add(name, first);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void FoundStepMeetsBothWolfeConditions(string name, double first)
    {
        var line = new Curve(Functions(name));
        LinePoint start = line.At(0);
        LinePoint found = StrongWolfe.Search(line, start, first, mostTrials: 60);
        found.Distance.Should().BeGreaterThan(0);
        found.Loss.Should().BeLessThanOrEqualTo(start.Loss + (1e-4 * found.Distance * start.Slope));
        Math.Abs(found.Slope).Should().BeLessThanOrEqualTo(-0.9 * start.Slope);
        line.Kept.Should().Be(found.Distance, "the search continues with its gradient");
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void SearchWithFewTrialsNeverEndsAboveTheStart(string name, double first)
    {
        for (int trials = 0; trials < 8; trials++)
        {
            var line = new Curve(Functions(name));
            LinePoint start = line.At(0);
            line.Trials = 0;
            LinePoint found = StrongWolfe.Search(line, start, first, trials);
            found.Loss.Should().BeLessThanOrEqualTo(start.Loss);
            line.Kept.Should().Be(found.Distance);
            line.Trials.Should().BeLessThanOrEqualTo(trials + 1);
        }
    }

    [Fact]
    public void CubicMinimizerIsExact()
    {
        // (x − 2)²(x + 1) + 3 has its minimum at 2.
        static LinePoint At(double x) => new(x, ((x - 2) * (x - 2) * (x + 1)) + 3, (2 * (x - 2) * (x + 1)) + ((x - 2) * (x - 2)));

        StrongWolfe.Minimizer(At(0.5), At(5), 0, 9).Should().BeApproximately(2, 1e-12);
        StrongWolfe.Minimizer(At(5), At(0.5), 0, 9).Should().BeApproximately(2, 1e-12);
        StrongWolfe.Minimizer(At(0.5), At(5), 3, 9).Should().Be(3, "the minimum at 2 is below the bounds");
        StrongWolfe.Minimizer(new(0, 0, -1), new(1, -0.8, -1), 1, 5).Should().Be(3, "the cubic has no minimum, so the result is the middle of the bounds");
        StrongWolfe.Minimizer(new(0, 0, -1), new(1, double.PositiveInfinity, double.NaN), 0, 1).Should().Be(0.5);
    }

    private static Func<double, (double Loss, double Slope)> Functions(string name) => name switch
    {
        "parabola" => t => ((t - 3) * (t - 3), 2 * (t - 3)),
        "quartic" => t => (Math.Pow(t - 2, 4), 4 * Math.Pow(t - 2, 3)),
        "wave" => t => (Math.Cos(3 * t) - t + (0.1 * t * t), (-3 * Math.Sin(3 * t)) - 1 + (0.2 * t)),
        "far" => t => (-t / (1 + (t * t / 1e6)), ((t * t / 1e6) - 1) / Math.Pow(1 + (t * t / 1e6), 2)),
        "barrier" => t => (-Math.Log(5 - t) - (2 * t), (1 / (5 - t)) - 2),
        "cliff" => t => t < 0.75 ? ((t - 0.5) * (t - 0.5), 2 * (t - 0.5)) : (double.NaN, double.NaN),
        _ => throw new ArgumentException(name),
    };

    private sealed class Curve(Func<double, (double Loss, double Slope)> function) : ILine
    {
        private double _last;

        public double Reach => 1;

        public double Kept { get; private set; }

        public int Trials { get; set; }

        public LinePoint At(double distance)
        {
            Trials++;
            _last = distance;
            (double loss, double slope) = function(distance);
            return new LinePoint(distance, double.IsFinite(loss) ? loss : double.PositiveInfinity, slope);
        }

        public void Keep() => Kept = _last;

        public void KeepStart() => Kept = 0;
    }
}
