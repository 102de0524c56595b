using System.Numerics;

namespace Optimizers.Tests;

/// <summary>Properties of schedules with any arguments, tested on many random ones.</summary>
public sealed class SchedulePropertyTests
{
    private const int Draws = 300;

    private static readonly Dictionary<string, Func<Random, Drawn>> _draws = new()
    {
        ["Constant"] = r => Between(new Constant(Rate(r)), s => [s.Value, s.Value]),
        ["StepDecay"] = r => Falling(new StepDecay(Rate(r), Count(r), r.NextDouble()), s => s.Initial),
        ["MultiStep"] = r => Falling(new MultiStep(Rate(r), Indices(r), r.NextDouble()), s => s.Initial),
        ["Exponential"] = r => Falling(new Exponential(Rate(r), 1 - (r.NextDouble() / Count(r))), s => s.Initial),
        ["ExponentialDecay"] = r => Falling(
            Falls(r, (initial, floor) => new ExponentialDecay(initial, Count(r), r.NextDouble(), r.Next(2) == 0, Count(r), floor)),
            s => s.Initial),
        ["InverseTime"] = r => Falling(new InverseTime(Rate(r), Count(r), Rate(r), r.Next(2) == 0), s => s.Initial),
        ["Linear"] = r => Between(
            new Linear(Rate(r), Rate(r), Count(r), Count(r)), s => [s.Start, s.End], s => Math.Abs(s.End - s.Start) / s.Steps),
        ["Polynomial"] = r => Between(
            new Polynomial(Rate(r), Rate(r), 1 + (3 * r.NextDouble()), Count(r), Count(r)),
            s => [s.Start, s.End],
            s => Math.Abs(s.End - s.Start) * s.Power / s.Steps),
        ["Cosine"] = r => Between(
            Falls(r, (peak, floor) => new Cosine(peak, Count(r), floor)), s => [s.Peak, s.Floor], s => Slope(s.Peak, s.Floor, s.Steps)),
        ["CosineRestarts"] = r => Winding(
            Falls(r, (peak, floor) => new CosineRestarts(
                peak, Count(r), r.Next(2) == 0 ? 1 + r.Next(3) : 1 - r.NextDouble(), 0.5 + (r.NextDouble() / 2), floor)),
            s => [s.Peak, s.Floor]),
        ["WarmupCosine"] = r =>
        {
            long warmup = Count(r);
            return Warmup(
                Falls(r, (peak, low) => new WarmupCosine(peak, warmup, warmup + Count(r), low, low * r.NextDouble())),
                s => [s.Start, s.Peak, s.Floor],
                s => Math.Max(Math.Abs(s.Peak - s.Start) / warmup, Slope(s.Peak, s.Floor, s.TotalSteps - warmup)),
                warmup);
        },
        ["WarmupLinear"] = r =>
        {
            long warmup = Count(r);
            return Warmup(
                Falls(r, (peak, low) => new WarmupLinear(peak, warmup, warmup + Count(r), low, low * r.NextDouble())),
                s => [s.Start, s.Peak, s.Floor],
                s => Math.Max(Math.Abs(s.Peak - s.Start) / warmup, Math.Abs(s.Peak - s.Floor) / (s.TotalSteps - warmup)),
                warmup);
        },
        ["WarmupConstant"] = r => Between(
            Falls(r, (peak, start) => new WarmupConstant(peak, Count(r), start)),
            s => [s.Start, s.Peak],
            s => Math.Abs(s.Peak - s.Start) / s.WarmupSteps),
        ["InverseSquareRoot"] = r => Warmup(
            new InverseSquareRoot(Rate(r), Count(r), Count(r)),
            s => [0, s.Peak],
            s => Math.Max(s.Peak / s.WarmupSteps, s.Peak / 2 / s.Timescale!.Value),
            s => s.WarmupSteps),
        ["Noam"] = r => Warmup(
            new Noam(Count(r), 1 + Count(r), Rate(r)),
            s => [0, s.At(s.WarmupSteps - 1)],
            s => s.At(s.WarmupSteps - 1) / s.WarmupSteps,
            s => s.WarmupSteps - 1),
        ["WarmupStableDecay"] = r => Warmup(
            Falls(r, (peak, floor) => new WarmupStableDecay(peak, Count(r), Count(r), Count(r), floor, (CurveShape)r.Next(2))),
            s => [s.Peak, s.Floor],
            s => Slope(s.Peak, s.Floor, Math.Min(s.WarmupSteps, s.DecaySteps)),
            s => s.WarmupSteps),
        ["OneCycle"] = r => Winding(
            new OneCycle(Rate(r), 1 + Count(r), r.NextDouble(), (CurveShape)r.Next(3), 1 + Rate(r), 1 + Rate(r), r.Next(2) == 0),
            s => [s.Peak, s.Peak / s.InitialDivisor / s.FinalDivisor]),
        ["Cyclic"] = r => Winding(
            Falls(r, (peak, low) =>
            {
                var mode = (CyclicMode)r.Next(3);
                double gamma = mode == CyclicMode.ExponentialRange ? 1 - (r.NextDouble() / Count(r)) : 1;
                return new Cyclic(low, peak, Count(r), Count(r), mode, gamma);
            }),
            s => [s.Base, s.Peak]),
        ["PiecewiseConstant"] = r =>
        {
            long[] boundaries = [.. Indices(r).Order()];
            double[] values = [.. Enumerable.Range(0, boundaries.Length + 1).Select(_ => Rate(r))];
            return Winding(new PiecewiseConstant(boundaries, values), _ => values);
        },
        ["Sequence"] = r => Winding(
            new Sequence([new Constant(Rate(r)), new Cosine(Rate(r), Count(r)), new Linear(0, Rate(r), Count(r))], Ordered(r, 2)),
            s => [0, .. s.Schedules.Select(child => Math.Max(child.At(0), child.At(long.MaxValue)))]),
        ["Tanh"] = r => Between(Falls(r, (initial, floor) => new Tanh(initial, Count(r), floor)), s => [s.Initial, s.Floor]),
        ["SwaAnneal"] = r => Between(
            new SwaAnneal(Rate(r), Rate(r), Count(r), CurveShape.Linear),
            s => [s.Initial, s.SwaRate],
            s => Math.Abs(s.Initial - s.SwaRate) / s.AnnealSteps),
        ["ReduceOnPlateau"] = r => Between(new ReduceOnPlateau(Rate(r)), s => [s.Initial, s.Initial]),
    };

    public static TheoryData<string> Names() => [.. Catalogue.Schedules.Keys];

    /// <summary>The schedules for which at least one random draw has no jumps, so that its slope is finite.</summary>
    public static TheoryData<string> NamesWithASlope() =>
    [
        .. Catalogue.Schedules.Keys.Where(name =>
        {
            var random = new Random(name.Length);
            return Enumerable.Range(0, Draws).Any(_ => double.IsFinite(_draws[name](random).Steepest));
        }),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void RatesStayInBoundsAndKeepTheirDirection(string name)
    {
        var random = new Random(name.Length);
        for (int i = 0; i < Draws; i++)
        {
            Drawn drawn = _draws[name](random);
            long[] indices = [.. Looked(random, drawn.Joins).Order()];
            double[] rates = [.. indices.Select(drawn.Schedule.At)];
            rates.Should().OnlyContain(rate => rate >= drawn.Low && rate <= drawn.High, $"these are the bounds of {drawn.Schedule}");
            if (drawn.Monotone)
            {
                IsMonotone(indices, rates, drawn.Joins).Should().BeTrue($"{drawn.Schedule} keeps its direction between two joins");
            }
        }
    }

    [Theory]
    [MemberData(nameof(NamesWithASlope))]
    public void RateChangesByAtMostTheSteepestSlope(string name)
    {
        var random = new Random(name.Length);
        for (int i = 0; i < Draws; i++)
        {
            Drawn drawn = _draws[name](random);
            foreach (long k in Looked(random, drawn.Joins).Where(k => k > 0 && double.IsFinite(drawn.Steepest)))
            {
                double change = Math.Abs(drawn.Schedule.At(k) - drawn.Schedule.At(k - 1));
                change.Should().BeLessThanOrEqualTo(
                    (drawn.Steepest * (1 + 1e-9)) + (1e-14 * drawn.High), $"of update {k} of {drawn.Schedule}");
            }
        }
    }

    [Fact]
    public void SlopeTestDetectsAJump() =>
        FluentActions.Invoking(() => IsMonotone([0, 1, 2, 3], [0, 1, 2, 1], [])
            .Should().BeTrue()).Should().Throw<Xunit.Sdk.XunitException>();

    [Fact]
    public void CosineMatchesTheRecursionOfPyTorchInItsFirstPeriod()
    {
        var random = new Random(5);
        for (int i = 0; i < Draws; i++)
        {
            Cosine cosine = Falls(random, (peak, low) => new Cosine(peak, 1 + random.Next(2_000), i % 3 == 0 ? 0 : low));
            double rate = cosine.Peak;
            for (int k = 1; k <= cosine.Steps; k++)
            {
                // CosineAnnealingLR.get_lr: the rate of the step before, times the quotient of the two cosines.
                rate = ((1 + Math.Cos(Math.PI * k / cosine.Steps)) / (1 + Math.Cos(Math.PI * (k - 1) / cosine.Steps))
                    * (rate - cosine.Floor)) + cosine.Floor;
                cosine.At(k).Should().BeApproximately(
                    rate, (1e-9 * Math.Abs(rate)) + (1e-14 * cosine.Peak), $"this is the rate of update {k} of {cosine}");
            }
        }
    }

    [Fact]
    public void RestartsAreExactlyAtTheSumsOfTheCycles()
    {
        var random = new Random(6);
        for (int i = 0; i < Draws; i++)
        {
            int multiplier = 1 + random.Next(i % 2 == 0 ? 4 : 1_000);
            var schedule = new CosineRestarts(1, i % 5 == 0 ? 1 : Count(random), multiplier, 0.75);
            BigInteger start = 0;
            BigInteger length = schedule.Period;
            for (int cycle = 0; cycle < 1_000 && start + length <= long.MaxValue; cycle++)
            {
                double peak = Math.Pow(0.75, cycle);
                schedule.At((long)start).Should().BeApproximately(peak, 1e-12 * peak, $"this is the peak of cycle {cycle} of {schedule}");
                start += length;
                length *= multiplier;
                double end = schedule.At((long)start - 1);
                end.Should().BeLessThanOrEqualTo(peak * (1 + 1e-12), $"this is the end of cycle {cycle} of {schedule}");
                end.Should().NotBeApproximately(0.75 * peak, 1e-12 * peak, $"cycle {cycle} of {schedule} ends one update later");
            }
        }
    }

    [Fact]
    public void CyclesOfFractionalLengthMatchTheSlowLoop()
    {
        var random = new Random(7);
        for (int i = 0; i < Draws; i++)
        {
            double multiplier = Math.Round(1 + random.NextDouble(), 1 + random.Next(9));
            var schedule = new CosineRestarts(1, 1 + random.Next(50), multiplier, 0.9, 0.1);
            for (int k = 0; k < 200; k++)
            {
                (double position, double length, double peak) = (k, schedule.Period, 1);
                while (position >= length)
                {
                    (position, length, peak) = (position - length, length * multiplier, Math.Max(peak * 0.9, 0.1));
                }

                // Rounding can delay a restart between two updates by one update, so positions near a restart are not compared.
                if (position > 1e-9 && length - position > 1e-9)
                {
                    double expected = 0.1 + ((peak - 0.1) * (1 + Math.Cos(Math.PI * position / length)) / 2);
                    schedule.At(k).Should().BeApproximately(expected, 1e-9, $"this is the rate of update {k} of {schedule}");
                }
            }
        }
    }

    [Fact]
    public void PowerIsExactToItsLastDigitsAtEveryExponent()
    {
        var random = new Random(8);
        for (int i = 0; i < 10_000; i++)
        {
            // The power of this value is between 1e-217 and 1e217 for every exponent.
            ulong exponent = (ulong)Count(random, 62);
            double value = Math.Exp(((random.NextDouble() * 1_000) - 500) / exponent);
            double expected = Math.Pow(value, exponent);
            double tolerance = exponent < (1UL << 53) ? 4e-16 : 1e-12;
            double actual = PrecisePowers.Of(value, exponent);
            if (expected is > 1e-140 and < 1e140)
            {
                actual.Should().BeApproximately(expected, tolerance * expected, $"this is {value:R} to the power {exponent}");
            }
            else
            {
                (actual < 1e-100).Should().Be(expected < 1e-100, $"{expected:R} is {value:R} to the power {exponent}");
                actual.Should().BeGreaterThanOrEqualTo(0);
            }
        }
    }

    [Fact]
    public void SequenceMatchesAWalkThroughItsChildren()
    {
        var random = new Random(9);
        for (int i = 0; i < Draws; i++)
        {
            int count = 1 + random.Next(40);
            ILrSchedule[] children = [.. Enumerable.Range(0, count).Select(_ => new Linear(Rate(random), Rate(random), Count(random)))];
            long[] milestones = Ordered(random, count - 1);
            var sequence = new Sequence(children, milestones);
            foreach (long k in Looked(random, milestones))
            {
                int child = milestones.Count(milestone => milestone <= k);
                long begin = child == 0 ? 0 : milestones[child - 1];
                sequence.At(k).Should().Be(children[child].At(k - begin));
            }
        }
    }

    private static double Slope(double from, double to, long steps) => Math.Abs(from - to) * Math.PI / 2 / steps;

    // A rate from 1e-6 to 10. All magnitudes are equally likely.
    private static double Rate(Random random) => Math.Pow(10, (7 * random.NextDouble()) - 6);

    // Makes a falling schedule from two rates. The second rate is at most the first.
    private static T Falls<T>(Random random, Func<double, double, T> make)
    {
        (double one, double other) = (Rate(random), Rate(random));
        return make(Math.Max(one, other), Math.Min(one, other));
    }

    private static long Count(Random random, int bits = 40) =>
        1 + (long)(random.NextDouble() * (1L << random.Next(bits)));

    private static long[] Indices(Random random) => [.. Enumerable.Range(0, random.Next(6)).Select(_ => Count(random))];

    private static long[] Ordered(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => Count(random)).Order()];

    // Small indices, the indices around every join, and random indices of any size up to the largest one.
    private static IEnumerable<long> Looked(Random random, IReadOnlyList<long> joins) =>
        Enumerable.Range(0, 20).Select(k => (long)k)
            .Concat(joins.SelectMany(join => Enumerable.Range(-3, 7).Select(offset => Math.Max(join + offset, 0))))
            .Concat(Enumerable.Range(0, 60).Select(_ => Count(random, 63)))
            .Append(1L << 62)
            .Append(long.MaxValue);

    private static bool IsMonotone(long[] indices, double[] rates, IReadOnlyList<long> joins)
    {
        int direction = 0;
        int stretch = -1;
        for (int i = 1; i < indices.Length; i++)
        {
            int now = joins.Count(join => join < indices[i]);
            direction = now == stretch ? direction : 0;
            stretch = now;
            int change = Math.Sign(rates[i] - rates[i - 1]);
            if (change * direction < 0)
            {
                return false;
            }

            direction = direction == 0 ? change : direction;
        }

        return true;
    }

    private static Drawn Falling<T>(T schedule, Func<T, double> high)
        where T : ILrSchedule =>
        new(schedule, 0, high(schedule), double.PositiveInfinity, []);

    private static Drawn Between<T>(T schedule, Func<T, double[]> ends, Func<T, double>? steepest = null)
        where T : ILrSchedule =>
        new(schedule, ends(schedule).Min(), ends(schedule).Max(), steepest?.Invoke(schedule) ?? double.PositiveInfinity, []);

    private static Drawn Winding<T>(T schedule, Func<T, double[]> ends)
        where T : ILrSchedule =>
        Between(schedule, ends) with { Monotone = false };

    private static Drawn Warmup<T>(T schedule, Func<T, double[]> ends, Func<T, double> steepest, long join)
        where T : ILrSchedule =>
        Between(schedule, ends, steepest) with { Joins = [join] };

    private static Drawn Warmup<T>(T schedule, Func<T, double[]> ends, Func<T, double> steepest, Func<T, long> join)
        where T : ILrSchedule =>
        Warmup(schedule, ends, steepest, join(schedule));

    /// <summary>A schedule with random arguments.</summary>
    /// <param name="Schedule">The schedule.</param>
    /// <param name="Low">The lowest possible rate.</param>
    /// <param name="High">The highest possible rate.</param>
    /// <param name="Steepest">The largest change of the rate in one update; infinite if there are jumps.</param>
    /// <param name="Joins">The indices at which the direction may change.</param>
    private sealed record Drawn(ILrSchedule Schedule, double Low, double High, double Steepest, IReadOnlyList<long> Joins)
    {
        /// <summary>Whether the rate keeps its direction between two joins.</summary>
        public bool Monotone { get; init; } = true;
    }
}
