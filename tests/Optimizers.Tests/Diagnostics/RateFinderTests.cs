namespace Optimizers.Tests;

/// <summary>The range test takes the requested steps and interprets the loss as documented.</summary>
public sealed class RateFinderTests
{
    [Fact]
    public void RatesHaveTheRequestedSpacing()
    {
        var options = new RateFinderOptions { LowestRate = 1e-3, HighestRate = 10, Points = 21 };
        double[] exponential = Rates(options);
        exponential.Should().HaveCount(21);
        (exponential[0], exponential[^1]).Should().Be((1e-3, 10));
        exponential.Zip(exponential.Skip(1)).Should().OnlyContain(pair => Math.Abs((pair.Second / pair.First) - Math.Pow(1e4, 0.05)) < 1e-12);

        double[] linear = Rates(options with { Spacing = RateSpacing.Linear });
        linear.Should().HaveCount(21);
        (linear[0], linear[^1]).Should().Be((1e-3, 10));
        linear.Zip(linear.Skip(1)).Should().OnlyContain(pair => Math.Abs(pair.Second - pair.First - (9.999 / 20)) < 1e-12);
    }

    [Fact]
    public void AveragesAreWeightedMeansOfLossesAndRates()
    {
        double[] losses = [.. Draw.Floats(1, 40).Select(noise => 3.0 + noise)];
        RateReport report = Losses(losses, new RateFinderOptions { Points = 40, Smoothing = 0.8 });
        for (int k = 0; k < losses.Length; k++)
        {
            double[] weights = [.. Enumerable.Range(0, k + 1).Select(i => Math.Pow(0.8, k - i))];
            RatePoint point = report.Points[k];
            point.Loss.Should().Be(losses[k]);
            point.AveragedLoss.Should().BeApproximately(weights.Zip(losses, (w, loss) => w * loss).Sum() / weights.Sum(), 1e-12);
            Math.Log(point.AveragedRate).Should().BeApproximately(
                weights.Zip(report.Points, (w, other) => w * Math.Log(other.Rate)).Sum() / weights.Sum(), 1e-12);
        }
    }

    [Fact]
    public void EveryGroupUsesTheRateTimesItsFactor()
    {
        using var set = new ParameterSet();
        set.AddRange(("a", [1]), ("b", [1]), ("c", [1]));
        ParameterGroup own = new(new SgdOptions()) { Where = p => p.Name == "a", Schedule = new Constant(7) };
        ParameterGroup factor = new(new SgdOptions()) { Where = p => p.Name == "b", RateFactor = 0.5 };
        ParameterGroup rest = new(new SgdOptions { LearningRate = 3 });
        var optimizer = new ModelOptimizer(set, [own, factor, rest], new() { Schedule = new WarmupCosine(1, 10, 20) });
        var seen = new List<(double OfOwn, double OfFactor, double OfRest)>();
        double Step(double rate)
        {
            seen.Add((optimizer.LearningRateOf(own) / rate, optimizer.LearningRateOf(factor) / rate, optimizer.LearningRateOf(rest) / rate));
            optimizer.Step().LearningRate.Should().Be(rate * seen[^1].OfOwn);
            return 1;
        }

        RateFinder.Find(optimizer, Step, new RateFinderOptions { Points = 20 });
        seen.Should().HaveCount(20).And.OnlyContain(factors => factors.OfOwn == 1 && factors.OfFactor == 0.5 && factors.OfRest == 1);

        seen.Clear();
        RateFinder.Find(optimizer, Step, new RateFinderOptions { Points = 20, Groups = [factor, own] });
        seen.Should().HaveCount(20).And.OnlyContain(factors => factors.OfOwn == 1 && factors.OfFactor == 0.5);
        seen[0].OfRest.Should().Be(0, "the rate of this group is the first rate of its warmup");
    }

    [Theory]
    [InlineData(4, 8.1, true)]
    [InlineData(4, 7.9, false)]
    [InlineData(1.5, 5.1, true)]
    [InlineData(1.5, 4.9, false)]
    [InlineData(double.PositiveInfinity, 1e300, false)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity, true)]
    [InlineData(double.PositiveInfinity, double.NegativeInfinity, true)]
    [InlineData(4, double.NaN, true)]
    public void TestEndsAtAMultipleOfTheBestLossAboveTheFirstLoss(double factor, double last, bool diverges)
    {
        double[] losses = [5, 4, 3, 2, 2.5, last, 1, 1, 1, 1];
        RateReport report = Losses(losses, new RateFinderOptions { Points = 10, Smoothing = 0, DivergenceFactor = factor });
        report.Diverged.Should().Be(diverges);
        report.Points.Select(point => point.Loss).Should().Equal(diverges ? losses[..6] : losses);
    }

    [Theory]
    [InlineData(-7.9, true)]
    [InlineData(-8.1, false)]
    public void NegativeLossDivergesByItsMagnitude(double last, bool diverges) =>
        Losses([-9, -9.5, -9.9, -10, -10, -10, -10, -10, -10, last], new RateFinderOptions { Points = 10, Smoothing = 0, DivergenceFactor = 1.2 })
            .Diverged.Should().Be(diverges);

    /// <summary>
    /// In a direction of curvature λ, a step multiplies the distance by 1 − ηλ. Plain descent is stable up to 2/λ, and with momentum
    /// β up to 2(1 + β)/λ. If momentum oscillates, the lowest loss is slightly before this rate.
    /// </summary>
    [Theory]
    [InlineData(0, 1, 0.9)]
    [InlineData(0, 100, 0.9)]
    [InlineData(0.5, 1, 0.8)]
    [InlineData(0.5, 100, 0.8)]
    [InlineData(0.9, 1, 0.5)]
    public void LargestStableRateMatchesTheoryForAQuadratic(double beta, double curvature, double least)
    {
        var options = new RateFinderOptions { Smoothing = 0, LowestRate = 1e-3 / curvature, HighestRate = 1e3 / curvature };
        RateReport report = InBowl(new MomentumOptions { Momentum = beta }, [curvature, curvature, curvature], noise: 0, seed: 1, options);
        double edge = 2 * (1 + beta) / curvature;
        report.Diverged.Should().BeTrue();
        report.LargestStable.Should().BeInRange(least * edge, 1.1 * edge);
        report.ByLargestStable.Should().Be(report.LargestStable / 2);
        report.BySteepestDescent.Should().BeInRange(options.LowestRate, report.LargestStable!.Value);
        report.Suggested.Should().Be(Math.Max(report.ByLargestStable!.Value, report.BySteepestDescent!.Value));
    }

    /// <summary>The noise of batches keeps the steepest direction active, so the loss shows as soon as it is unstable.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void NoiseRevealsTheStabilityLimitOfTheSteepestDirection(int seed)
    {
        RateReport report = InBowl(new SgdOptions(), [100, 30, 10, 3, 1], noise: 0.03, seed, new() { LowestRate = 1e-5 });
        report.Diverged.Should().BeTrue();
        report.LargestStable.Should().BeInRange(0.5 * (2 / 100.0), 2 / 100.0);
        report.BySteepestDescent.Should().BeInRange(1e-5, 1 / 100.0);
    }

    [Fact]
    public void OscillationAtTheMinimumIsNoDivergence()
    {
        double[] losses = [5, 4, 3, 1e-3, 1e-2, 1e-4, 1e-2, 4.9, 1e-5, 1e-4];
        RateReport report = Losses(losses, new RateFinderOptions { Points = 10, Smoothing = 0 });
        report.Diverged.Should().BeFalse();
        report.LargestStable.Should().Be(report.Points[8].Rate);
    }

    /// <summary>A valley of the loss over the logarithm of the rate, with known steepest and lowest points.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void AveragingDoesNotChangeTheSuggestions(double smoothing)
    {
        var options = new RateFinderOptions { LowestRate = 1e-6, HighestRate = 1, Points = 600, Smoothing = smoothing };
        RateReport report = RateFinder.Find(
            new Checkpoint(), rate => 10 - (9 * Math.Exp(-Math.Pow(Math.Log10(rate) + 3, 2) / 0.5)), options with { DivergenceFactor = 1e9 });
        Math.Log10(report.LargestStable!.Value).Should().BeApproximately(-3, 0.05);
        Math.Log10(report.BySteepestDescent!.Value).Should().BeApproximately(-3.5, 0.05);
        report.Suggested.Should().Be(report.ByLargestStable);
        report.Advice.Should().StartWith("Start with the rate ");
    }

    [Fact]
    public void AdviceDescribesTheProblem()
    {
        var options = new RateFinderOptions { Points = 20, Smoothing = 0.8 };
        RateReport falling = Losses([.. Enumerable.Range(0, 20).Select(i => 100.0 - i)], options);
        falling.Advice.Should().Contain("still falling at 10, the highest rate");
        falling.LargestStable.Should().Be(falling.Points[^1].AveragedRate);

        RateReport flat = Losses([.. Enumerable.Repeat(2.0, 20)], options);
        flat.Advice.Should().Contain("fell at no rate");
        RateReport rising = Losses([.. Enumerable.Range(0, 20).Select(i => 100.0 + i)], options);
        rising.Advice.Should().Contain("fell at no rate");
        RateReport atOnce = Losses([1, 1e9], options);
        atOnce.Advice.Should().Contain("diverged within 2 steps");
        foreach (RateReport none in new[] { flat, rising, atOnce })
        {
            (none.LargestStable, none.ByLargestStable, none.BySteepestDescent, none.Suggested).Should().Be((null, null, null, null));
        }
    }

    [Fact]
    public void ChartMarksTheSuggestionsAndOmitsTheExplosion()
    {
        RateReport report = Losses([5, 5, 5, 4, 3, 2, 1, 1.5, 2, 1e30], new RateFinderOptions { Points = 10, Smoothing = 0 });
        LineChart chart = report.ToChart();
        chart.LogarithmicX.Should().BeTrue();
        chart.Lines.Select(line => line.Name.Split(':')[0]).Should().Equal(
            "loss of each step", "running average", "steepest descent", "half the largest stable rate", "largest stable rate");
        chart.Lines.Skip(2).Select(line => line.Points.Select(point => point.X).Distinct().Single())
            .Should().Equal(report.BySteepestDescent!.Value, report.ByLargestStable!.Value, report.LargestStable!.Value);
        chart.Lines[0].Points.Select(point => point.Y).Should().Equal(5, 5, 5, 4, 3, 2, 1, 1.5, 2, double.NaN);
        chart.Lines[2].Points.Select(point => point.Y).Should().Equal(1, 5);
        chart.ToSvg().Should().Contain("polyline");

        LineChart none = Losses([1, 1e9], new RateFinderOptions()).ToChart();
        none.Lines.Should().HaveCount(2);
        none.ToSvg().Should().Contain("<svg");
    }

    private static double[] Rates(RateFinderOptions options)
    {
        var seen = new List<double>();
        RateReport report = RateFinder.Find(
            new Checkpoint(),
            rate =>
            {
                seen.Add(rate);
                return 1;
            },
            options);
        report.Points.Select(point => point.Rate).Should().Equal(seen);
        report.Diverged.Should().BeFalse();
        return [.. seen];
    }

    private static RateReport Losses(double[] losses, RateFinderOptions options)
    {
        int next = 0;
        return RateFinder.Find(new Checkpoint(), _ => losses[next++], options);
    }

    // Minimises Σ λᵢ(pᵢ − noise)²/2, starting from ones.
    private static RateReport InBowl(IOptimizerOptions options, double[] curvatures, double noise, int seed, RateFinderOptions finder)
    {
        var random = new Random(seed);
        float[] place = new float[curvatures.Length], gradients = new float[curvatures.Length];
        Array.Fill(place, 1);
        IOptimizer optimizer = new Optimizer(place.Length, options);
        return RateFinder.Find(
            place,
            optimizer,
            rate =>
            {
                double loss = 0;
                for (int i = 0; i < place.Length; i++)
                {
                    double distance = place[i] - (noise * ((2 * random.NextDouble()) - 1));
                    gradients[i] = (float)(curvatures[i] * distance);
                    loss += curvatures[i] * distance * distance / 2;
                }

                optimizer.Step(place, gradients, rate);
                return loss;
            },
            finder);
    }
}
