extern alias AdamByHand;

using AdamByHand::AdamByHand;
using Samples;
using Xunit.Abstractions;

namespace Optimizers.Tests;

public sealed class DivergenceWatchTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, (double GoodRate, Func<double, IOptimizerOptions> Options)> _optimizers = new()
    {
        ["Sgd"] = (0.1, rate => new SgdOptions { LearningRate = rate }),
        ["Momentum"] = (0.05, rate => new MomentumOptions { LearningRate = rate }),
        ["Adam"] = (0.003, rate => new AdamOptions { LearningRate = rate }),
        ["Lion"] = (0.0003, rate => new LionOptions { LearningRate = rate }),
    };

    // An optimizer, and the factor of its recorded good rate.
    public static TheoryData<string, double> UsableRates() => Rates(0.1, 0.3, 1, 3);

    public static TheoryData<string, double> LowRates() => Rates(1e-4);

    public static TheoryData<string, double> HighRates() => Rates(30, 100, 1000);

    [Theory]
    [MemberData(nameof(UsableRates))]
    public void UsableRateIsReportedAsFallingOnly(string optimizer, double factor) =>
        Trends(optimizer, factor).Distinct().Should().Equal(LossTrend.TooEarly, LossTrend.Falling);

    [Theory]
    [MemberData(nameof(LowRates))]
    public void RateFarTooLowIsReportedAsFlat(string optimizer, double factor) =>
        Trends(optimizer, factor).Distinct().Should().Equal(LossTrend.TooEarly, LossTrend.Flat);

    [Theory]
    [MemberData(nameof(HighRates))]
    public void RateFarTooHighStopsBeingReportedAsFalling(string optimizer, double factor)
    {
        LossTrend[] trends = Trends(optimizer, factor);
        trends.Skip(400).Count(trend => trend == LossTrend.Falling).Should().BeLessThan(250);
        trends[^1].Should().NotBe(LossTrend.Falling);
        trends.Contains(LossTrend.Exploded).Should().Be(
            factor == 1000 && optimizer is ("Sgd" or "Momentum"), "the loss explodes only at these rates");
    }

    [Fact]
    public void FullBatchLossesAreRecognised()
    {
        var flip = DataFile.Read<DiagonalFlip>("diagonal-flip.json");
        Last(flip.Train(new AdamOptions())).Trend.Should().Be(LossTrend.Falling);
        Last(flip.Train(new AdamOptions { LearningRate = 1e-7 })).Trend.Should().Be(LossTrend.Flat);
        Last(flip.Train(new MomentumOptions { LearningRate = 0.05 })[..600]).Trend.Should().Be(LossTrend.Falling);
        Last(flip.Train(new MomentumOptions { LearningRate = 0.5 })).Trend.Should().Be(LossTrend.Flat, "the loss no longer falls at this rate");
        Last(flip.Train(new MomentumOptions { LearningRate = 50 })).Trend.Should().Be(LossTrend.NotFinite);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void NoiseIsNeitherRisingNorExploded(int kind)
    {
        for (int seed = 0; seed < 5; seed++)
        {
            var random = new Random(seed);
            LossTrend[] trends = TrendsOf(Enumerable.Range(0, 20_000).Select(_ => Noise(random, kind)));
            trends.Distinct().Should().BeSubsetOf([LossTrend.TooEarly, LossTrend.Flat, LossTrend.Falling], "seed {0}", seed);
            trends.Count(trend => trend == LossTrend.Falling).Should().BeLessThan(2_000, "seed {0}", seed);
        }
    }

    // The loss of language models falls as a power of time towards a floor.
    [Theory]
    [InlineData(0.02)]
    [InlineData(0.05)]
    public void SlowProgressLateInALongRunIsFalling(double noise)
    {
        var random = new Random(1);
        LossTrend[] trends = TrendsOf(Enumerable.Range(1, 20_000).Select(
            t => 1.7 + (8 * Math.Pow(t + 10, -0.35)) + (noise * Normal(random))));
        trends.Distinct().Should().BeSubsetOf([LossTrend.TooEarly, LossTrend.Falling, LossTrend.Flat]);
        trends.Count(trend => trend == LossTrend.Flat).Should().BeLessThan(1_000);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1e-6, 0)]
    [InlineData(1e6, 0)]
    [InlineData(1, -5)]
    public void LossThatTurnsIsRising(double scale, double shift)
    {
        var random = new Random(1);
        LossTrend[] trends = TrendsOf(Enumerable.Range(0, 1_500).Select(t =>
            scale * (shift + (t < 700 ? 3 - (t / 350.0) : 1 + ((t - 700) / 400.0)) + (0.1 * Normal(random)))));
        trends[..750].Distinct().Should().Equal(LossTrend.TooEarly, LossTrend.Falling);
        trends[900..].Should().OnlyContain(trend => trend == LossTrend.Rising);
    }

    [Fact]
    public void ShortSpikeIsNotReported()
    {
        var random = new Random(1);
        TrendsOf(Enumerable.Range(0, 1_000).Select(
            t => (3 * Math.Exp(-t / 300.0)) + (0.05 * Normal(random)) + (t % 200 is >= 150 and < 165 ? 20 : 0)))
            .Distinct().Should().Equal(LossTrend.TooEarly, LossTrend.Falling);
    }

    [Fact]
    public void ExplosionIsReportedBeforeAWindowIsFull()
    {
        LossTrend[] trends = TrendsOf(Enumerable.Range(0, 60).Select(t => t < 15 ? 2.3 : 2.3 * Math.Pow(1.3, t - 14)));
        Array.IndexOf(trends, LossTrend.Exploded).Should().BeInRange(20, 45);
        trends[^1].Should().Be(LossTrend.Exploded);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void NonFiniteLossIsReportedAndNotStored(double loss)
    {
        var watch = new DivergenceWatch(new() { Window = 20 });
        var other = new DivergenceWatch(new() { Window = 20 });
        for (int t = 0; t < 100; t++)
        {
            watch.Observe(loss).Trend.Should().Be(LossTrend.NotFinite);
            watch.Observe(100 - t).Should().Be(other.Observe(100 - t));
        }

        watch.Count.Should().Be(100);
    }

    [Fact]
    public void EveryTrendHasAnAdvice()
    {
        var watch = new DivergenceWatch(new() { Window = 20 });
        LossReport early = watch.Observe(1);
        (early.Trend, double.IsNaN(early.Level)).Should().Be((LossTrend.TooEarly, true));
        LossReport stuck = default;
        for (int t = 0; t < 100; t++)
        {
            stuck = watch.Observe(1);
        }

        stuck.Should().BeEquivalentTo(new { Trend = LossTrend.Flat, Level = 1.0, BestLevel = 1.0 });
        stuck.Advice.Should().Contain("hardly fallen").And.Contain("too low, or far too high");
        for (int t = 0; t < 100; t++)
        {
            stuck = watch.Observe(0.5);
        }

        watch.Observe(double.NaN).Advice.Should().Contain("not finite");
        for (int t = 0; t < 200; t++)
        {
            stuck = watch.Observe(0.5);
        }

        stuck.Advice.Should().Contain("stopped falling").And.EndWith(".");
    }

    [Fact]
    public void ResumedWatchReportsTheSame()
    {
        var options = new DivergenceWatchOptions { Window = 20 };
        var random = new Random(1);
        var watch = new DivergenceWatch(options);
        var uninterrupted = new DivergenceWatch(options);
        for (int t = 0; t < 400; t++)
        {
            double loss = t == 200 ? double.NaN : (t < 250 ? 3 - (t / 100.0) : t / 50.0) + (0.3 * random.NextDouble());
            watch = new MemoryCheckpoint(watch).LoadInto(new DivergenceWatch(options));
            watch.Observe(loss).Should().Be(uninterrupted.Observe(loss), "step {0}", t);
        }

        watch.Reset();
        watch.Observe(1).Should().Be(new DivergenceWatch(options).Observe(1));
        new MemoryCheckpoint(watch).Names.Should().Equal("losses", "count");
    }

    [Fact]
    public void ObserveAllocatesNothing()
    {
        var watch = new DivergenceWatch();
        Allocations.Of(() => watch.Observe(1)).Should().Be(0);
    }

    [Fact]
    public void InvalidArgumentThrows()
    {
        Refuses("Window", new() { Window = 19 });
        Refuses("Window", new() { Window = 1_000_001 });
        foreach (double share in new[] { 0.5, 1, double.NaN, -1, 2 })
        {
            Refuses("RisingShare", new() { RisingShare = share });
            Refuses("FallingShare", new() { FallingShare = share });
        }

        foreach (double number in BadNumbers.NotFiniteOrNegative)
        {
            Refuses("LeastRise", new() { LeastRise = number });
            Refuses("LeastFall", new() { LeastFall = number });
            Refuses("ExplosionFactor", new() { ExplosionFactor = number });
        }

        static void Refuses(string option, DivergenceWatchOptions options) =>
            FluentActions.Invoking(() => new DivergenceWatch(options))
                .Should().Throw<ArgumentOutOfRangeException>().WithParameterName(option);
    }

    private static TheoryData<string, double> Rates(params double[] factors)
    {
        var rows = new TheoryData<string, double>();
        foreach (string optimizer in _optimizers.Keys)
        {
            foreach (double factor in factors)
            {
                rows.Add(optimizer, factor);
            }
        }

        return rows;
    }

    private static double Noise(Random random, int kind) => kind switch
    {
        0 => 1,
        1 => 2 + (0.3 * Normal(random)),
        2 => -Math.Log(1 - random.NextDouble()),
        _ => Math.Exp(1.5 * Normal(random)),
    };

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static LossReport Last(IEnumerable<double> losses)
    {
        var watch = new DivergenceWatch();
        return losses.Select(watch.Observe).ToArray()[^1];
    }

    private static LossTrend[] TrendsOf(IEnumerable<double> losses)
    {
        var watch = new DivergenceWatch();
        return [.. losses.Select(loss => watch.Observe(loss).Trend)];
    }

    private LossTrend[] Trends(string optimizer, double factor)
    {
        (double good, Func<double, IOptimizerOptions> options) = _optimizers[optimizer];
        double[] losses = [.. LossCurves.Digits(options(good * factor), epochs: 20)];
        LossTrend[] trends = TrendsOf(losses);
        output.WriteLine($"{losses[0]:G3} to {losses[^1]:G3}: " + string.Join(
            ", ", trends.CountBy(trend => trend).Select(pair => $"{pair.Key} {pair.Value}")));
        return trends;
    }
}
