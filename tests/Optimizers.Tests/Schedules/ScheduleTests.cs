using Optimizers.Schedules;

namespace Optimizers.Tests;

/// <summary>What all schedules promise; their numbers are held against the golden recordings.</summary>
public sealed class ScheduleTests
{
    private const long Far = 1L << 62;

    private static readonly Dictionary<string, Case> _cases = new()
    {
        ["Constant"] = new(new Constant(0.3), PeakAt: 0, Peak: 0.3, FloorAt: 0, Floor: 0.3),
        ["StepDecay"] = new(new StepDecay(0.5, 10), 0, 0.5, 4_000, 0),
        ["StepDecay, growing"] = new(new StepDecay(0.5, 1L << 60, 2), Far, 8, Far, 8),
        ["Cosine"] = new(new Cosine(1e-3, 100), 0, 1e-3, 100, 0),
        ["Cosine, one step"] = new(new Cosine(1e-3, 1, 1e-4), 0, 1e-3, 1, 1e-4),
        ["Cosine, long"] = new(new Cosine(1, Far), 0, 1, Far, 0),
        ["Cosine, rising"] = new(new Cosine(0.1, 50, 0.7), 50, 0.7, 50, 0.7),
        ["WarmupCosine"] = new(new WarmupCosine(3e-4, 100, 2_000, 3e-5), 100, 3e-4, 2_000, 3e-5),
        ["WarmupCosine, no warmup"] = new(new WarmupCosine(3e-4, 0, 20), 0, 3e-4, 20, 0),
        ["WarmupCosine, start"] = new(new WarmupCosine(0.2, 5, 6, 0.05, 0.1), 5, 0.2, 6, 0.05),
        ["WarmupCosine, long"] = new(new WarmupCosine(1, Far - 1, Far, 0.5), Far - 1, 1, Far, 0.5),
        ["FunctionSchedule"] = new(new FunctionSchedule(k => k < 9 ? 1.0 / (1 + k) : 0.1), 0, 1, 9, 0.1),
    };

    public static TheoryData<string> Names() => [.. _cases.Keys];

    [Fact]
    public void EveryScheduleIsInTheTable() =>
        _cases.Values.Select(row => row.Schedule.GetType()).Distinct()
            .Should().BeEquivalentTo(Catalogue.Schedules.Values.Append(typeof(FunctionSchedule)));

    [Theory]
    [MemberData(nameof(Names))]
    public void AnyIndexMayBeAskedForInAnyOrderAndAgain(string name)
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
    public void ThePeakIsReachedExactlyAndTheFloorIsHeld(string name)
    {
        (ILrSchedule schedule, long peakAt, double peak, long floorAt, double floor) = _cases[name];
        schedule.At(peakAt).Should().Be(peak);
        foreach (long k in new[] { floorAt, floorAt + 1, floorAt + 1_000, Far + 1 })
        {
            schedule.At(k).Should().Be(floor, $"of update {k}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void NoRateIsAboveThePeak(string name)
    {
        (ILrSchedule schedule, long peakAt, double peak, long floorAt, double floor) = _cases[name];
        foreach (long k in Enumerable.Range(0, 3_000).Select(k => (long)k).Append(peakAt / 2).Append(floorAt / 2))
        {
            schedule.At(k).Should().BeInRange(0, Math.Max(peak, floor), $"of update {k}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AnIndexBelowZeroIsRefused(string name)
    {
        foreach (long k in new[] { -1, long.MinValue })
        {
            _cases[name].Schedule.Invoking(schedule => schedule.At(k)).Should().Throw<ArgumentOutOfRangeException>()
                .WithParameterName("step").WithMessage($"*{k}*");
        }
    }

    [Fact]
    public void AWarmupJoinsItsCosineWithoutAJump()
    {
        var schedule = new WarmupCosine(1, 1_000, 2_000, 0.1, 0.01);
        schedule.At(0).Should().Be(0.01);
        (schedule.At(1_000) - schedule.At(999)).Should().BeApproximately(0.99e-3, 1e-15);
        (schedule.At(1_000) - schedule.At(1_001)).Should().BeInRange(0, 1e-5);
        (schedule.At(1_999) - 0.1).Should().BeInRange(1e-9, 1e-5);
        new WarmupCosine(1, 0, 1_000, 0.1).At(300).Should().Be(new Cosine(1, 1_000, 0.1).At(300));
    }

    [Fact]
    public void AStepDecayFallsAtTheStepAndNotBefore()
    {
        var schedule = new StepDecay(1, 7, 0.5);
        schedule.At(6).Should().Be(1);
        schedule.At(7).Should().Be(0.5);
        schedule.At(13).Should().Be(0.5);
        schedule.At(14).Should().Be(0.25);
    }

    [Fact]
    public void SchedulesOfEqualNumbersAreEqual()
    {
        new WarmupCosine(1, 2, 3).Should().Be(new WarmupCosine(1, 2, 3)).And.NotBe(new WarmupCosine(1, 2, 4));
        new StepDecay(1, 2).Should().Be(new StepDecay(1, 2, 0.1)).And.NotBe(new StepDecay(1, 2, 0.2));
        new Cosine(1, 2).Should().Be(new Cosine(1, 2)).And.NotBe(new Cosine(1, 2, 0.5));
        new Constant(1).Should().Be(new Constant(1)).And.NotBe(new Constant(2));
    }

    [Theory]
    [InlineData(-1e-300)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void AFunctionThatGivesNoRateIsRefused(double rate) =>
        new FunctionSchedule(_ => rate).Invoking(schedule => schedule.At(12)).Should().Throw<InvalidOperationException>()
            .WithMessage($"*{rate}*12*");

    [Fact]
    public void WhatAFunctionThrowsComesOut() =>
        new FunctionSchedule(_ => throw new FormatException("mine")).Invoking(schedule => schedule.At(0))
            .Should().Throw<FormatException>().WithMessage("mine");

    /// <summary>A schedule, an index at which it has its peak, and the index from which it holds its floor.</summary>
    private sealed record Case(ILrSchedule Schedule, long PeakAt, double Peak, long FloorAt, double Floor);
}
