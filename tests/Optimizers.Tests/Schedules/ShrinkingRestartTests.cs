using System.Numerics;

namespace Optimizers.Tests;

/// <summary>Restarts with cycles that shrink down to one update, compared with a loop over exact fractions.</summary>
public sealed class ShrinkingRestartTests
{
    // Multipliers have at most three digits, so every length up to this number of cycles is an integer multiple of this unit.
    private const int Cycles = 250;

    private static readonly BigInteger _unit = BigInteger.Pow(1_000, Cycles);

    // The distance by which an update may be before the start of its cycle.
    private static readonly BigInteger _tolerance = _unit / 1_000_000;

    [Fact]
    public void EveryUpdateMatchesTheSlowLoop()
    {
        var random = new Random(11);
        for (int i = 0; i < 300; i++)
        {
            int thousandths = 1 + random.Next(i % 2 == 0 ? 500 : 900);
            long period = 1 + (long)(random.NextDouble() * (1L << random.Next(1, 33)));
            var schedule = new CosineRestarts(1, period, thousandths / 1_000.0, 0.999, 0.1);
            long[] updates =
            [
                .. Enumerable.Range(0, 30),
                .. Starts(period, thousandths).SelectMany(start => new[] { Math.Max(0, start - 1), start, start + 1 }),
                .. Enumerable.Range(0, 20).Select(_ => random.NextInt64(20 * period)),
            ];
            foreach (long k in updates)
            {
                Check(schedule, thousandths, k);
            }
        }
    }

    [Theory]
    [InlineData(long.MaxValue / 2, 500)]
    [InlineData(1L << 62, 500)]
    [InlineData(1_000_000_000_000_000_000, 900)]
    [InlineData(1_000_000_000_000_000_000, 100)]
    public void LongPeriodsRestartAtTheCorrectUpdates(long period, int thousandths)
    {
        var schedule = new CosineRestarts(1, period, thousandths / 1_000.0, 0.999, 0.1);
        foreach (long start in Starts(period, thousandths))
        {
            Check(schedule, thousandths, start);
            Check(schedule, thousandths, start - 1);
        }
    }

    [Theory]
    [InlineData(8, 0.5, new long[] { 0, 8, 12, 14, 15, 16, 17, 1_000, long.MaxValue })]
    [InlineData(100, 0.9, new long[] { 0, 100, 190, 271 })]
    [InlineData(9, 2.0 / 3, new long[] { 0, 9, 15, 19 })]
    [InlineData(9, 1.0 / 3, new long[] { 0, 9, 12, 13, 14, long.MaxValue })]
    [InlineData(1, 0.7, new long[] { 0, 1, 2, 3, long.MaxValue })]
    public void CycleThatStartsAtAnUpdateStartsAtThePeak(long period, double multiplier, long[] starts)
    {
        var schedule = new CosineRestarts(1, period, multiplier);
        foreach (long start in starts)
        {
            schedule.At(start).Should().BeApproximately(1, 1e-9, $"update {start}");
        }
    }

    [Fact]
    public void ExtremeMultipliersStayInBounds()
    {
        foreach (double multiplier in new[] { 1 - 1e-6, 1 - 1e-12, 1 - 1e-15, 1 - 1e-16, double.Epsilon + 1e-30, 1e-30 })
        {
            foreach (long period in new[] { 1, 2, 1_000_000, long.MaxValue })
            {
                var schedule = new CosineRestarts(1, period, multiplier, 1, 0.25);
                foreach (long k in new[] { 0, 1, period - 1, period / 2, long.MaxValue / 2, long.MaxValue - 1, long.MaxValue })
                {
                    schedule.At(k).Should().BeInRange(0.25, 1, $"update {k} of {schedule}");
                }
            }
        }
    }

    [Fact]
    public void AtAllocatesNothing()
    {
        var schedule = new CosineRestarts(1, 1_000, 0.9);
        Allocations.Of(() => schedule.At(12_345)).Should().Be(0);
    }

    private static void Check(CosineRestarts schedule, int thousandths, long k)
    {
        (BigInteger start, BigInteger length, BigInteger cycle) = (0, schedule.Period * _unit, 0);
        BigInteger update = k * _unit;
        while (update + _tolerance >= start + length)
        {
            // From here all cycles are one update long.
            BigInteger cycles = length == _unit ? (update + _tolerance - start) / _unit : 1;
            (start, length, cycle) = (start + (cycles * length), BigInteger.Max(_unit, length * thousandths / 1_000), cycle + cycles);
        }

        double t = Math.Max(0, (double)((update - start) * 1_000_000_000_000 / length) / 1e12);
        double peak = Math.Max(0.1, Math.Pow(0.999, (double)cycle));
        schedule.At(k).Should().BeApproximately(
            0.1 + ((peak - 0.1) * (1 + Math.Cos(Math.PI * t)) / 2), 1e-8, $"update {k} of {schedule}");
    }

    // The first update of each cycle that is longer than an update, and of a few later cycles.
    private static IEnumerable<long> Starts(long period, int thousandths)
    {
        BigInteger start = 0;
        BigInteger length = period * _unit;
        for (int cycle = 0; cycle < 200 && start + length < long.MaxValue * _unit; cycle++)
        {
            start += length;
            length = BigInteger.Max(_unit, length * thousandths / 1_000);
            yield return (long)((start + _unit - 1) / _unit);
        }
    }
}
