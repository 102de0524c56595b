namespace Optimizers.Tests;

/// <summary>
/// The shortest runs reach the rates of their schedule, or the schedule throws. Every schedule is made with
/// all small arguments: no warmup, a warmup of the whole run, one update, factors of 0 and 1.
/// </summary>
public sealed class PeakTests
{
    private const double Peak = 0.5;
    private const double Floor = 0.125;

    private static readonly double[] _starts = [0, 0.25, Peak];
    private static readonly bool[] _flags = [false, true];

    private static readonly Dictionary<string, IEnumerable<Case>> _cases = new()
    {
        ["Constant"] = [At(0, () => new Constant(Peak))],
        ["StepDecay"] =
            from size in Range(1, 3) from gamma in new[] { 1e-9, 0.5, 1 } select At(0, () => new StepDecay(Peak, size, gamma)),
        ["MultiStep"] =
            from milestone in Range(0, 3)
            from gamma in new[] { 0.25, 1 }
            select At(milestone == 0 ? 0 : milestone - 1, () => new MultiStep(Peak / (milestone == 0 ? gamma : 1), [milestone], gamma)),
        ["Exponential"] = from gamma in new[] { 1e-9, 1, 2 } select At(0, () => new Exponential(Peak, gamma)),
        ["ExponentialDecay"] =
            from steps in Range(1, 2)
            from rate in new[] { 1e-9, 0.5, 1, 2 }
            from begin in Range(0, 2)
            from stairs in _flags
            from floor in new double?[] { null, rate > 1 ? 1 : Floor, Peak }
            from k in Range(0, rate == 1 ? 5 : (int)begin)
            select At(k, () => new ExponentialDecay(Peak, steps, rate, stairs, begin, floor)),
        ["InverseTime"] =
            from steps in Range(1, 2)
            from rate in new[] { 0, 0.5, 1 }
            from stairs in _flags
            select At(0, () => new InverseTime(Peak, steps, rate, stairs)),
        ["Linear"] =
            from steps in Range(1, 3)
            from begin in Range(0, 2)
            from at in new[] { begin, begin + steps }
            select At(at, () => at == begin ? new Linear(Peak, Floor, steps, begin) : new Linear(Floor, Peak, steps, begin)),
        ["Polynomial"] =
            from steps in Range(1, 3)
            from begin in Range(0, 2)
            from power in new[] { 1e-3, 1, 50 }
            from at in new[] { begin, begin + steps }
            select At(at, () => at == begin ? new Polynomial(Peak, Floor, power, steps, begin) : new Polynomial(Floor, Peak, power, steps, begin)),
        ["Cosine"] = from steps in Range(1, 3) select At(0, () => new Cosine(Peak, steps, Floor)),
        ["CosineRestarts"] =
            from period in Range(1, 3)
            from multiplier in Range(1, 3)
            from cycle in Range(0, 2)
            select At(period * new[] { 0, 1, 1 + multiplier }[cycle], () => new CosineRestarts(Peak, period, multiplier)),
        ["WarmupCosine"] =
            from warmup in Range(0, 3)
            from after in Range(0, 3)
            from start in _starts
            select At(warmup, () => new WarmupCosine(Peak, warmup, warmup + after, Floor, start), refused: after == 0),
        ["WarmupLinear"] =
            from warmup in Range(0, 3)
            from after in Range(0, 3)
            from start in _starts
            select At(warmup, () => new WarmupLinear(Peak, warmup, warmup + after, Floor, start), refused: after == 0),
        ["WarmupConstant"] =
            from warmup in Range(0, 3) from start in _starts select At(warmup, () => new WarmupConstant(Peak, warmup, start)),
        ["InverseSquareRoot"] =
            from warmup in Range(0, 3)
            from timescale in new double?[] { null, 1e-9, 1 }
            select At(warmup, () => new InverseSquareRoot(Peak, warmup, timescale)),
        ["Noam"] =
            from warmup in Range(0, 4)
            select At(Math.Max(warmup - 1, 0), () => new Noam(1, warmup, Peak * Math.Sqrt(Math.Max(warmup, 1))), tolerance: 1e-15),
        ["WarmupStableDecay"] =
            from warmup in Range(0, 2)
            from stable in Range(0, 2)
            from decay in Range(0, 2)
            from shape in Enum.GetValues<CurveShape>()
            from k in Range(0, Math.Max((int)stable - 1, 0))
            select At(warmup + k, () => new WarmupStableDecay(Peak, warmup, stable, decay, Floor, shape), refused: stable + decay == 0),
        ["Cyclic"] =
            from up in Range(1, 3)
            from down in Range(1, 3)
            from mode in new[] { CyclicMode.Triangular, CyclicMode.Triangular2 }
            select At(up, () => new Cyclic(Floor, Peak, up, down, mode)),
        ["PiecewiseConstant"] =
            from boundary in Range(0, 3) select At(boundary, () => new PiecewiseConstant([boundary], [Floor, Peak])),
        ["Sequence"] =
            from milestone in Range(0, 3)
            from warmup in Range(0, 3)
            select At(milestone + warmup, () => new Sequence([new Constant(Floor), new WarmupConstant(Peak, warmup)], [milestone])),
        ["Tanh"] = from steps in Range(1, 3) select At(0, () => new Tanh(Peak, steps, Floor), tolerance: 1e-6),
        ["SwaAnneal"] =
            from steps in Range(0, 3)
            from shape in Enum.GetValues<CurveShape>()
            select At(steps, () => new SwaAnneal(Floor, Peak, steps, shape)),
        ["ReduceOnPlateau"] = from factor in new[] { 0, 0.5 } select At(0, () => new ReduceOnPlateau(Peak, factor: factor, patience: 0)),
        ["OneCycle"] =
            from total in Range(1, 12)
            from percent in Range(0, 20)
            from whole in new[] { (percent * total) % 20 == 0 && percent * total >= 20 }
            from shape in Enum.GetValues<CurveShape>()
            from three in _flags
            select At(
                whole ? (percent * total / 20) - 1 : -1,
                () => new OneCycle(Peak, total, percent / 20.0, shape, threePhase: three),
                tolerance: whole ? 0 : 0.25,
                within: total),
        ["Warmup"] =
            from steps in Range(0, 3)
            from start in _starts
            from inner in Range(1, 2)
            select At(steps, () => new Cosine(Peak, inner).WithWarmup(steps, start)),
        ["Product"] = from steps in Range(1, 3) select At(0, () => new Cosine(1, steps).Scale(Peak)),
        ["Clamp"] = from steps in Range(1, 3) select At(0, () => new Cosine(Peak, steps).Clamp(Floor, Peak)),
        ["Shift"] =
            from shift in Range(-2, 5)
            from warmup in Range(2, 2)
            select At(warmup + shift, () => new WarmupConstant(Peak, warmup).Shift(shift)),
        ["Epochs"] =
            from epoch in Range(1, 3)
            from warmup in Range(0, 2)
            select At(warmup * epoch, () => new WarmupConstant(Peak, warmup).InEpochs(epoch)),
    };

    public static TheoryData<string> Names() => [.. _cases.Keys];

    [Fact]
    public void EveryScheduleIsInTheTable() => _cases.Keys.Should().BeEquivalentTo(ScheduleConfiguration.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void ShortestRunsReachThePeakOrTheScheduleThrows(string name)
    {
        int count = 0;
        foreach (Case row in _cases[name])
        {
            count++;
            if (row.Refused)
            {
                row.Make.Should().Throw<ArgumentOutOfRangeException>();
                continue;
            }

            ILrSchedule schedule = row.Make();
            double rate = row.Index >= 0 ? schedule.At(row.Index) : Range(0, (int)row.Within).Max(schedule.At);
            rate.Should().BeInRange(Peak * (1 - row.Tolerance), Peak * (1 + (row.Index >= 0 ? row.Tolerance : 0)), $"of {schedule} at {row.Index}");
        }

        count.Should().BePositive();
    }

    [Fact]
    public void MomentumOfAShortCycleTurnsWithTheRate()
    {
        for (long total = 1; total <= 12; total++)
        {
            for (int percent = 0; percent <= 100; percent += 5)
            {
                foreach (bool three in _flags)
                {
                    var cycle = new OneCycle(Peak, total, percent / 100.0, CurveShape.Linear, threePhase: three);
                    long[] updates = Range(0, (int)total - 1);
                    long highest = updates.MaxBy(cycle.At);
                    updates.Min(cycle.Momentum.At).Should().BeApproximately(cycle.Momentum.At(highest), 1e-12, $"of {cycle}");
                    cycle.Momentum.At(highest).Should().BeInRange(0.85, 0.88);
                }
            }
        }
    }

    // PyTorch's curve if it has an update near the peak, at an integer index or not.
    [Theory]
    [InlineData(11, 0.3, CurveShape.Cosine, false)]
    [InlineData(8, 0.3, CurveShape.Linear, false)]
    [InlineData(10, 0.25, CurveShape.Linear, false)]
    [InlineData(20, 0, CurveShape.Cosine, false)]
    [InlineData(25, 0.3, CurveShape.Cosine, true)]
    public void CycleMatchesPyTorchIfAnUpdateIsNearThePeak(long total, double fraction, CurveShape shape, bool three)
    {
        var cycle = new OneCycle(Peak, total, fraction, shape, threePhase: three);
        double up = (fraction * total) - 1;
        double down = three ? 2 * up : total - 1;
        double first = Peak / 25;
        double last = first / 1e4;
        for (long k = 0; k < total; k++)
        {
            (double from, double to, double t) = k <= up ? (first, Peak, k / up)
                : k <= down ? (Peak, three ? first : last, (k - up) / (down - up))
                : (first, last, (k - down) / (total - 1 - down));
            double expected = shape == CurveShape.Linear ? from + ((to - from) * t) : to + ((from - to) * (1 + Math.Cos(Math.PI * t)) / 2);
            cycle.At(k).Should().BeApproximately(expected, 1e-12, $"of update {k}");
        }
    }

    private static long[] Range(int first, int last) => [.. Enumerable.Range(first, last - first + 1).Select(k => (long)k)];

    private static Case At(long index, Func<ILrSchedule> make, bool refused = false, double tolerance = 0, long within = 0) =>
        new(make, index, refused, tolerance, within);

    /// <summary>A schedule, the index of its peak, and the tolerance. An index of −1 means any index within the given number of updates.</summary>
    private sealed record Case(Func<ILrSchedule> Make, long Index, bool Refused, double Tolerance, long Within);
}
