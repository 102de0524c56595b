namespace Optimizers.Tests;

/// <summary>Properties of all schedules. Other tests compare their numbers with the golden recordings.</summary>
public sealed class ScheduleTests
{
    private const long Far = 1L << 62;

    private static readonly Dictionary<string, Case> _cases = new()
    {
        ["Constant"] = new(new Constant(0.3), PeakAt: 0, Peak: 0.3, End: (0, 0.3)),
        ["StepDecay"] = new(new StepDecay(0.5, 10), 0, 0.5, (4_000, 0)),
        ["StepDecay, growing"] = new(new StepDecay(0.5, 1L << 60, 2), Far, 8, null, Highest: 64),
        ["MultiStep"] = new(new MultiStep(0.4, [30, 10, 20], 0.5), 9, 0.4, (30, 0.05)),
        ["MultiStep, twice and at 0"] = new(new MultiStep(0.4, [0, 7, 7], 0.5), 0, 0.2, (7, 0.05)),
        ["MultiStep, no milestone"] = new(new MultiStep(0.4, []), 0, 0.4, (0, 0.4)),
        ["Exponential"] = new(new Exponential(0.1, 0.5), 0, 0.1, (2_000, 0)),
        ["Exponential, slow"] = new(new Exponential(0.1, 1 - (1.0 / (1L << 53))), 0, 0.1, null),
        ["Exponential from 0"] = new(new Exponential(0, 2), 0, 0, (Far, 0)),
        ["ExponentialDecay"] = new(new ExponentialDecay(0.1, 10, 0.5, begin: 5, floor: 0.01), 5, 0.1, (39, 0.01)),
        ["ExponentialDecay, at its floor"] = new(new ExponentialDecay(0.1, 10, 0.5, floor: 0.1), 0, 0.1, (0, 0.1)),
        ["ExponentialDecay, growing stairs"] = new(new ExponentialDecay(0.1, 10, 2, true, 0, 0.3), 20, 0.3, (20, 0.3)),
        ["InverseTime"] = new(new InverseTime(0.4, 10, 3), 10, 0.1, null, Highest: 0.4),
        ["InverseTime, stairs"] = new(new InverseTime(0.4, 10, 3, staircase: true), 9, 0.4, null),
        ["Linear"] = new(new Linear(0.3, 0.1, 20, 5), 5, 0.3, (25, 0.1)),
        ["Linear, rising"] = new(new Linear(0, 0.7, 20), 20, 0.7, (20, 0.7)),
        ["Linear, long"] = new(new Linear(1, 0.25, Far, Far), Far, 1, (long.MaxValue, 0.25)),
        ["Polynomial"] = new(new Polynomial(0.3, 0.1, 2, 20, 5), 5, 0.3, (25, 0.1)),
        ["Cosine"] = new(new Cosine(1e-3, 100), 0, 1e-3, (100, 0)),
        ["Cosine, one step"] = new(new Cosine(1e-3, 1, 1e-4), 0, 1e-3, (1, 1e-4)),
        ["Cosine, long"] = new(new Cosine(1, Far), 0, 1, (Far, 0)),
        ["Cosine, at its floor"] = new(new Cosine(0.7, 50, 0.7), 0, 0.7, (0, 0.7)),
        ["CosineRestarts"] = new(new CosineRestarts(0.1, 10, 2, floor: 0.01), 10 + 20 + 40, 0.1, null),
        ["CosineRestarts, shrinking"] = new(new CosineRestarts(0.8, 7, peakMultiplier: 0.5), 0, 0.8, null),
        ["CosineRestarts, faded"] = new(new CosineRestarts(0.8, 1, 1, 0.5, 0.1), 0, 0.8, (3, 0.1)),
        ["CosineRestarts, shrinking cycles"] = new(new CosineRestarts(0.8, 8, 0.5), 8 + 4 + 2, 0.8, (8 + 4 + 2, 0.8)),
        ["CosineRestarts, cycles of one update"] = new(new CosineRestarts(0.8, 1, 1e-9), 0, 0.8, (0, 0.8)),
        ["CosineRestarts, fractional"] = new(new CosineRestarts(0.1, 10, 1.5), 25, 0.1, null),
        ["WarmupCosine"] = new(new WarmupCosine(3e-4, 100, 2_000, 3e-5), 100, 3e-4, (2_000, 3e-5)),
        ["WarmupCosine, no warmup"] = new(new WarmupCosine(3e-4, 0, 20), 0, 3e-4, (20, 0)),
        ["WarmupCosine, start"] = new(new WarmupCosine(0.2, 5, 6, 0.05, 0.1), 5, 0.2, (6, 0.05)),
        ["WarmupCosine, long"] = new(new WarmupCosine(1, Far - 1, Far, 0.5), Far - 1, 1, (Far, 0.5)),
        ["WarmupLinear"] = new(new WarmupLinear(3e-4, 100, 2_000, 3e-5, 1e-5), 100, 3e-4, (2_000, 3e-5)),
        ["WarmupLinear, no warmup"] = new(new WarmupLinear(3e-4, 0, 20), 0, 3e-4, (20, 0)),
        ["WarmupConstant"] = new(new WarmupConstant(3e-4, 100, 1e-5), 100, 3e-4, (100, 3e-4)),
        ["WarmupConstant, no warmup"] = new(new WarmupConstant(3e-4, 0), 0, 3e-4, (0, 3e-4)),
        ["InverseSquareRoot"] = new(new InverseSquareRoot(0.1, 10, 33), 10, 0.1, null),
        ["InverseSquareRoot, no warmup"] = new(new InverseSquareRoot(0.1, 0), 30_000, 0.05, null, Highest: 0.1),
        ["Noam"] = new(new Noam(64, 16), 15, 1.0 / 32, null),
        ["Noam, no warmup"] = new(new Noam(16, 0, 2), 0, 0.5, null),
        ["WarmupStableDecay"] = new(new WarmupStableDecay(0.1, 5, 10, 20, 0.01), 15, 0.1, (35, 0.01)),
        ["WarmupStableDecay, peak only"] = new(new WarmupStableDecay(0.1, 0, 1, 0, 0.01), 0, 0.1, (1, 0.01)),
        ["WarmupStableDecay, decay only"] = new(new WarmupStableDecay(0.1, 0, 0, 1, 0.01), 0, 0.1, (1, 0.01)),
        ["WarmupStableDecay, long"] = new(
            new WarmupStableDecay(0.1, Far, Far - 2, 1, decayShape: CurveShape.InverseSquareRoot), Far, 0.1, (long.MaxValue, 0)),
        ["OneCycle"] = new(new OneCycle(0.5, 40), 11, 0.5, (39, 0.5 / 25 / 1e4)),
        ["OneCycle, three phases"] = new(new OneCycle(0.5, 40, threePhase: true), 11, 0.5, (39, 0.5 / 25 / 1e4)),
        ["OneCycle, rising only"] = new(new OneCycle(0.5, 40, warmupFraction: 1), 39, 0.5, (39, 0.5)),
        ["OneCycle, one update up"] = new(new OneCycle(0.5, 40, 1.0 / 40), 0, 0.5, (39, 0.5 / 25 / 1e4)),
        ["OneCycle, one update"] = new(new OneCycle(0.5, 1), 0, 0.5, (0, 0.5)),
        ["OneCycle, three phases in two updates"] = new(new OneCycle(0.5, 2, threePhase: true), 0, 0.5, (1, 0.5 / 25 / 1e4)),
        ["OneCycle, rounded product"] = new(new OneCycle(0.5, 100, 0.07, CurveShape.Linear), 6, 0.5, (99, 0.5 / 25 / 1e4)),
        ["Cyclic"] = new(new Cyclic(0.1, 0.7, 5, 3), 8 + 5, 0.7, null),
        ["Cyclic, long"] = new(new Cyclic(0.1, 0.7, long.MaxValue / 2), long.MaxValue / 2, 0.7, null),
        ["Cyclic, halving"] = new(new Cyclic(0, 0.8, 5, mode: CyclicMode.Triangular2), 25, 0.2, (20_000, 0), Highest: 0.8),
        ["Cyclic, shrinking"] = new(new Cyclic(0.1, 0.7, 5, null, CyclicMode.ExponentialRange, 0.5), 0, 0.1, (4_000, 0.1), Highest: 0.7),
        ["PiecewiseConstant"] = new(new PiecewiseConstant([5, 9], [0.1, 0.3, 0.2]), 5, 0.3, (9, 0.2)),
        ["PiecewiseConstant, skipping"] = new(new PiecewiseConstant([0, 5, 5], [9, 0.1, 8, 0.2]), 0, 0.1, (5, 0.2), Highest: 0.2),
        ["Sequence"] = new(new Sequence([new Linear(0, 1, 10), new Cosine(1, 20, 0.1)], [10]), 10, 1, (30, 0.1)),
        ["Sequence of one"] = new(new Sequence([new Constant(0.1)], []), 0, 0.1, (0, 0.1)),
        ["Sequence, far"] = new(new Sequence([new Constant(0.1), new Linear(0.3, 0.2, 5)], [Far - 5]), Far - 5, 0.3, (Far, 0.2)),
        ["Tanh"] = new(new Tanh(0.1, 20, 0, 0, 5), 0, 0.05, (20, 0)),
        ["SwaAnneal"] = new(new SwaAnneal(0.1, 0.02, 10), 0, 0.1, (10, 0.02)),
        ["SwaAnneal, at once"] = new(new SwaAnneal(0.1, 0.02, 0), 0, 0.02, (0, 0.02)),
        ["ReduceOnPlateau"] = new(new ReduceOnPlateau(0.1), 0, 0.1, (0, 0.1)),
        ["FunctionSchedule"] = new(new FunctionSchedule(k => k < 9 ? 1.0 / (1 + k) : 0.1), 0, 1, (9, 0.1)),
    };

    public static TheoryData<string> Names() => [.. _cases.Keys];

    public static TheoryData<string> NamesWithAnEnd() =>
        [.. _cases.Where(row => row.Value.End is not null).Select(row => row.Key)];

    [Fact]
    public void EveryScheduleIsInTheTable() =>
        _cases.Values.Select(row => row.Schedule.GetType()).Distinct()
            .Should().BeEquivalentTo(Catalogue.Schedules.Values.Append(typeof(FunctionSchedule)));

    [Theory]
    [MemberData(nameof(Names))]
    public void RateDoesNotDependOnTheOrderOfCalls(string name)
    {
        ILrSchedule schedule = _cases[name].Schedule;
        long[] indices = [.. Enumerable.Range(0, 300).Select(k => (long)k), 1L << 32, Far - 1, Far, long.MaxValue];
        double[] inOrder = [.. indices.Select(schedule.At)];
        foreach (int i in Draw.Permutation(1, indices.Length).Concat(Draw.Permutation(2, indices.Length)))
        {
            BitConverter.DoubleToInt64Bits(schedule.At(indices[i])).Should().Be(BitConverter.DoubleToInt64Bits(inOrder[i]));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void PeakIsReachedExactly(string name)
    {
        Case row = _cases[name];
        row.Schedule.At(row.PeakAt).Should().Be(row.Peak);
    }

    [Theory]
    [MemberData(nameof(NamesWithAnEnd))]
    public void FinalRateIsHeld(string name)
    {
        Case row = _cases[name];
        (long From, double Value) end = row.End!.Value;
        foreach (long k in new[] { end.From, end.From + 1, end.From + 1_000, Far + 1, long.MaxValue })
        {
            row.Schedule.At(Math.Max(k, end.From)).Should().Be(end.Value, $"of update {k}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void NoRateExceedsThePeak(string name)
    {
        Case row = _cases[name];
        double highest = row.Highest ?? Math.Max(row.Peak, row.End?.Value ?? 0);
        foreach (long k in Enumerable.Range(0, 3_000).Select(k => (long)k).Append(row.PeakAt / 2).Append(Far).Append(long.MaxValue))
        {
            row.Schedule.At(k).Should().BeInRange(0, highest, $"of update {k}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void NegativeIndexThrows(string name)
    {
        foreach (long k in new[] { -1, long.MinValue })
        {
            _cases[name].Schedule.Invoking(schedule => schedule.At(k)).Should().Throw<ArgumentOutOfRangeException>()
                .WithParameterName("step").WithMessage($"*{k}*");
        }
    }

    [Fact]
    public void WarmupJoinsTheCosineWithoutAJump()
    {
        var schedule = new WarmupCosine(1, 1_000, 2_000, 0.1, 0.01);
        schedule.At(0).Should().Be(0.01);
        (schedule.At(1_000) - schedule.At(999)).Should().BeApproximately(0.99e-3, 1e-15);
        (schedule.At(1_000) - schedule.At(1_001)).Should().BeInRange(0, 1e-5);
        (schedule.At(1_999) - 0.1).Should().BeInRange(1e-9, 1e-5);
        new WarmupCosine(1, 0, 1_000, 0.1).At(300).Should().Be(new Cosine(1, 1_000, 0.1).At(300));
    }

    [Fact]
    public void StepDecayFallsExactlyAtTheStep()
    {
        var schedule = new StepDecay(1, 7, 0.5);
        schedule.At(6).Should().Be(1);
        schedule.At(7).Should().Be(0.5);
        schedule.At(13).Should().Be(0.5);
        schedule.At(14).Should().Be(0.25);
    }

    [Fact]
    public void SchedulesWithEqualArgumentsAreEqual()
    {
        new WarmupCosine(1, 2, 3).Should().Be(new WarmupCosine(1, 2, 3)).And.NotBe(new WarmupCosine(1, 2, 4));
        new StepDecay(1, 2).Should().Be(new StepDecay(1, 2, 0.1)).And.NotBe(new StepDecay(1, 2, 0.2));
        new Cosine(1, 2).Should().Be(new Cosine(1, 2)).And.NotBe(new Cosine(1, 2, 0.5));
        new Constant(1).Should().Be(new Constant(1)).And.NotBe(new Constant(2));
        new MultiStep(1, [3, 2]).Should().Be(new MultiStep(1, [2, 3])).And.NotBe(new MultiStep(1, [2, 4]));
        new MultiStep(1, [3, 2]).GetHashCode().Should().Be(new MultiStep(1, [2, 3]).GetHashCode());
        new Sequence([new Constant(1), new Cosine(1, 2)], [3]).Should().Be(new Sequence([new Constant(1), new Cosine(1, 2)], [3]))
            .And.NotBe(new Sequence([new Constant(1), new Cosine(1, 3)], [3]));
        new PiecewiseConstant([1], [2, 3]).ToString().Should().Contain("[1]").And.Contain("[2, 3]");
        new OneCycle(1, 2).Should().Be(new OneCycle(1, 2)).And.NotBe(new OneCycle(1, 2, shape: CurveShape.Linear));
    }

    [Fact]
    public void EveryScheduleDescribesItself()
    {
        // Checkpoints compare schedules by this text, so a list, momentum or inner schedule must not appear as a type name only.
        foreach (ILrSchedule schedule in _cases.Values.Select(row => row.Schedule).Where(schedule => schedule is not FunctionSchedule)
            .Append(new OneCycle(1, 2).Momentum)
            .Append(new Cyclic(1, 2, 3).Momentum)
            .Append(new Cosine(1, 2).WithWarmup(3).Scale(2).Clamp(0, 1).Shift(2).InEpochs(2).PerEpoch(2)))
        {
            schedule.ToString().Should().Contain(" { ").And.Contain(" = ").And.NotContain("Optimizers.").And.NotContain("System.");
        }
    }

    [Fact]
    public void ScheduleCopiesItsArrays()
    {
        long[] milestones = [5];
        double[] values = [1, 2];
        ILrSchedule[] children = [new Constant(1), new Constant(2)];
        ILrSchedule[] schedules =
            [new MultiStep(1, milestones, 2), new PiecewiseConstant(milestones, values), new Sequence(children, milestones)];
        milestones[0] = 50;
        values[1] = 7;
        children[1] = new Constant(7);
        schedules.Should().OnlyContain(schedule => schedule.At(5) == 2);
    }

    [Theory]
    [InlineData(-1e-300)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void FunctionThatReturnsAnInvalidRateThrows(double rate) =>
        new FunctionSchedule(_ => rate).Invoking(schedule => schedule.At(12)).Should().Throw<InvalidOperationException>()
            .WithMessage($"*{rate}*12*");

    [Fact]
    public void ExceptionOfAFunctionIsTheInnerException() =>
        new FunctionSchedule(_ => throw new FormatException("mine")).Invoking(schedule => schedule.At(7))
            .Should().Throw<InvalidOperationException>().WithMessage("*FunctionSchedule*update 7*mine*")
            .WithInnerException<FormatException>();

    /// <summary>
    /// A schedule, an index and its rate there, which is the highest rate unless another one is given, and the index from which
    /// the rate is constant, if there is one.
    /// </summary>
    private sealed record Case(
        ILrSchedule Schedule, long PeakAt, double Peak, (long From, double Value)? End, double? Highest = null);
}
