namespace Optimizers.Tests;

/// <summary>A search ends at rates that the optimizer refuses because of the decay, and reports it.</summary>
public sealed class RefusedRateTests
{
    private const string Reason = "times the weight decay 0.5 is *above 1*";

    private static readonly AdamWOptions _options = new() { WeightDecay = 0.5 };

    [Fact]
    public void RangeTestEndsAtARefusedRate()
    {
        using ParameterSet set = Set();
        var optimizer = new ModelOptimizer(set, _options);
        RateReport report = RateFinder.Find(optimizer, _ => Step(set, optimizer), new RateFinderOptions { Smoothing = 0 });
        CheckEnd(report.Points[^1].Rate, 10);
        report.Diverged.Should().BeFalse();
        report.Refusal.Should().Match($"*{Reason}");
        report.Advice.Should().Match($"*higher rates are refused: *{Reason}");
        report.Suggested.Should().NotBeNull();
        report.ToChart().Should().NotBeNull();
        set["weight"].Values.ToArray().Should().OnlyContain(x => x == 3);
        optimizer.UpdateCount.Should().Be(0);
        optimizer.LearningRateOf(optimizer.Groups[0]).Should().Be(_options.LearningRate);
    }

    [Fact]
    public void RangeTestOfABufferEndsAtARefusedRate()
    {
        float[] place = [3, 3], gradients = new float[2];
        var optimizer = new AdamW(2, _options);
        RateReport report = RateFinder.Find(place, optimizer, rate => Step(place, gradients, optimizer, rate));
        CheckEnd(report.Points[^1].Rate, 10);
        report.Refusal.Should().Match($"*{Reason}");
        place.Should().Equal(3, 3);
    }

    [Fact]
    public void SweepEndsAtARefusedRate()
    {
        float[] place = [3, 3], gradients = new float[2];
        var optimizer = new AdamW(2, _options);
        var tried = new List<double>();
        RateSweepReport report = RateSweep.Try(
            place,
            optimizer,
            (rate, _) =>
            {
                tried.Add(rate);
                return Step(place, gradients, optimizer, rate);
            },
            new RateSweepOptions { Rates = [0.01, 0.1, 10, 100], Steps = 20 });
        report.Runs.Select(run => run.Rate).Should().Equal(0.01, 0.1);
        tried.Should().NotContain(100);
        report.Refusal.Should().Match($"*{Reason}");
        report.Chosen.Should().Be(0.1);
        report.Reason.Should().Match($"*no higher rate could be tried. The sweep ended at 0.1, because higher rates are refused: *{Reason}");
        place.Should().Equal(3, 3);
    }

    [Fact]
    public void RefusedFirstRateThrows()
    {
        using ParameterSet set = Set();
        var optimizer = new ModelOptimizer(set, _options);
        FluentActions.Invoking(() => RateFinder.Find(
            optimizer, _ => Step(set, optimizer), new RateFinderOptions { LowestRate = 3 })).Should().Throw<WeightDecayException>();
        FluentActions.Invoking(() => RateSweep.Try(
            optimizer, (_, _) => Step(set, optimizer), new RateSweepOptions { Rates = [3, 4] })).Should().Throw<WeightDecayException>();
        optimizer.LearningRateOf(optimizer.Groups[0]).Should().Be(_options.LearningRate);
    }

    [Fact]
    public void EmptyListOfGroupsThrows()
    {
        using ParameterSet set = Set();
        var optimizer = new ModelOptimizer(set, _options);
        FluentActions.Invoking(() => RateFinder.Find(optimizer, _ => 1, new RateFinderOptions { Groups = [] }))
            .Should().Throw<ArgumentException>().WithParameterName("groups").WithMessage("*empty*");
        FluentActions.Invoking(() => RateSweep.Try(optimizer, (_, _) => 1, new RateSweepOptions { Groups = [] }))
            .Should().Throw<ArgumentException>().WithParameterName("groups").WithMessage("*empty*");
    }

    private static void CheckEnd(double rate, double highest) => rate.Should().BeInRange(1.5, 2).And.BeLessThan(highest);

    private static ParameterSet Set()
    {
        var set = new ParameterSet();
        set.Add("weight", 2).Values.Fill(3);
        return set;
    }

    private static double Step(ParameterSet set, ModelOptimizer optimizer)
    {
        Parameter weight = set["weight"];
        double loss = Gradient(weight.Values, weight.Gradients);
        optimizer.Step();
        return loss;
    }

    private static double Step(float[] place, float[] gradients, AdamW optimizer, double rate)
    {
        double loss = Gradient(place, gradients);
        optimizer.Step(place, gradients, rate);
        return loss;
    }

    // The loss is so flat that the range test does not find divergence at any rate up to 2.
    private static double Gradient(ReadOnlySpan<float> place, Span<float> gradients)
    {
        double loss = 0;
        for (int i = 0; i < place.Length; i++)
        {
            gradients[i] = place[i];
            loss += place[i] * place[i] / 2;
        }

        return loss + 100;
    }
}
