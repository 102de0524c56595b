namespace Optimizers.Tests;

/// <summary>The only schedule with a history. Other tests compare its numbers with the golden recordings.</summary>
public sealed class ReduceOnPlateauTests
{
    private static readonly double[] _metrics =
        [1, 0.8, 0.9, double.NaN, 0.85, 0.7, 0.7, 0.7, 0.7, 0.9, 0.2, double.PositiveInfinity, 0.3, 0.4, 0.3, 0.3];

    [Fact]
    public void ResetForgetsAllMetrics()
    {
        var plateau = new ReduceOnPlateau(1, factor: 0.5, patience: 0, cooldown: 2);
        double[] first = [.. Enumerable.Range(0, 9).Select(_ => plateau.Observe(3))];
        first[^1].Should().BeLessThan(1);
        plateau.Reset();
        plateau.Rate.Should().Be(1);
        Enumerable.Range(0, 9).Select(_ => plateau.Observe(3)).Should().Equal(first);
    }

    [Fact]
    public void ReduceOnPlateauSetsTheRateOfAModel()
    {
        using var set = new ParameterSet();
        set.Add("p", 3).Gradients.Fill(1);
        var plateau = new ReduceOnPlateau(0.5, factor: 0.5, patience: 0);
        var optimizer = new ModelOptimizer(set, new SgdOptions(), new() { Schedule = plateau });
        plateau.Observe(1);
        optimizer.Step().LearningRate.Should().Be(0.5);
        plateau.Observe(2).Should().Be(0.25);
        optimizer.Step().LearningRate.Should().Be(0.25);
    }

    [Fact]
    public void NaNIsNeverBetter()
    {
        var plateau = new ReduceOnPlateau(1, factor: 0.5, patience: 1);
        plateau.Observe(double.NaN).Should().Be(1);
        plateau.Observe(double.NaN).Should().Be(0.5);
        plateau.Best.Should().Be(double.PositiveInfinity);
        plateau.Observe(3).Should().Be(0.5);
        plateau.Best.Should().Be(3);
    }

    /// <summary>Whether each metric counts as better than the metrics before it.</summary>
    [Theory]
    [InlineData(PlateauMode.Min, ThresholdMode.Relative, 1e-4, new[] { -1.0, -1, -1, -0.99999, -1.00001, -1.001 }, "bwwwwb")]
    [InlineData(PlateauMode.Min, ThresholdMode.Relative, 0.1, new[] { 1, 0.95, 0, -1e-300, -1, -1.05, -1.2, 0.5 }, "bwbbbwbw")]
    [InlineData(PlateauMode.Min, ThresholdMode.Relative, 0, new[] { 0.0, -0.0, 0, -1, -1 }, "bwwbw")]
    [InlineData(PlateauMode.Min, ThresholdMode.Absolute, 0.1, new[] { 0.05, 0, -0.04, -0.06, -0.15, -0.17 }, "bwwbwb")]
    [InlineData(PlateauMode.Max, ThresholdMode.Relative, 1e-4, new[] { -1.0, -1, -1, -1.00001, -0.99999, -0.999 }, "bwwwwb")]
    [InlineData(PlateauMode.Max, ThresholdMode.Relative, 0.1, new[] { -1, -0.95, 0, 1e-300, 1, 1.05, 1.2, -0.5 }, "bwbbbwbw")]
    [InlineData(PlateauMode.Max, ThresholdMode.Relative, 2, new[] { -1, -0.5, 0.5, 1.5, 1, 2 }, "bwwbww")]
    [InlineData(PlateauMode.Max, ThresholdMode.Relative, 0, new[] { 0.0, 0, 1, 1 }, "bwbw")]
    [InlineData(PlateauMode.Max, ThresholdMode.Absolute, 0.1, new[] { -0.05, 0, 0.04, 0.06, 0.15, 0.17 }, "bwwbwb")]
    [InlineData(PlateauMode.Min, ThresholdMode.Relative, 0, new[] { double.PositiveInfinity, double.NaN, 5, double.PositiveInfinity, double.NegativeInfinity, double.NegativeInfinity, 4 }, "wwbwbww")]
    [InlineData(PlateauMode.Max, ThresholdMode.Relative, 0, new[] { double.NegativeInfinity, double.NaN, 5, double.NegativeInfinity, double.PositiveInfinity, double.PositiveInfinity, 6 }, "wwbwbww")]
    [InlineData(PlateauMode.Min, ThresholdMode.Relative, 0.5, new[] { double.MaxValue, 1e308, -1e308, double.MinValue }, "bwbb")]
    [InlineData(PlateauMode.Max, ThresholdMode.Relative, 0.5, new[] { double.MinValue, -1e308, 1e308, double.MaxValue }, "bwbb")]
    public void RelativeThresholdUsesTheMagnitudeOfTheBest(
        PlateauMode mode, ThresholdMode thresholdMode, double threshold, double[] metrics, string expected)
    {
        var plateau = new ReduceOnPlateau(0.1, mode, threshold: threshold, thresholdMode: thresholdMode);
        string better = string.Concat(metrics.Select(metric =>
        {
            double before = plateau.Best;
            plateau.Observe(metric);
            return plateau.Best.Equals(before) ? 'w' : 'b';
        }));
        better.Should().Be(expected);
    }

    [Theory]
    [InlineData(ThresholdMode.Relative)]
    [InlineData(ThresholdMode.Absolute)]
    public void MaximizingEqualsMinimizingTheNegative(ThresholdMode thresholdMode)
    {
        var down = new ReduceOnPlateau(1, PlateauMode.Min, 0.9, 1, 0.01, thresholdMode, cooldown: 1);
        var up = new ReduceOnPlateau(1, PlateauMode.Max, 0.9, 1, 0.01, thresholdMode, cooldown: 1);
        foreach (double metric in Draw.Floats(5, 500).Select((noise, epoch) => 2 + noise - (epoch / 100.0)))
        {
            up.Observe(-metric).Should().Be(down.Observe(metric));
            up.Best.Should().Be(-down.Best);
        }
    }

    [Fact]
    public void ConstantNegativeMetricLowersTheRate()
    {
        foreach (double metric in new[] { -1, -1e-9, 0, 1e-9, 1 })
        {
            var plateau = new ReduceOnPlateau(0.1, patience: 3);
            double[] rates = [.. Enumerable.Range(0, 9).Select(_ => plateau.Observe(metric))];
            rates[..4].Should().OnlyContain(rate => rate == 0.1);
            rates[4..8].Should().OnlyContain(rate => rate == 0.1 * 0.1, $"the metric is {metric}");
            rates[8].Should().Be(0.1 * 0.1 * 0.1);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(12)]
    public void ResumedScheduleContinuesWithTheSameRates(int saved)
    {
        ReduceOnPlateau Fresh() => new(0.1, factor: 0.3, patience: 1, cooldown: 2);
        ReduceOnPlateau whole = Fresh();
        Array.ForEach(_metrics[..saved], metric => whole.Observe(metric));
        string json = Entry(whole).Get();

        ReduceOnPlateau resumed = Fresh();
        Array.ForEach(_metrics, metric => resumed.Observe(metric));
        Entry(resumed).Accept(json)();
        resumed.Rate.Should().Be(whole.Rate);
        resumed.Best.Should().Be(whole.Best);
        foreach (double metric in _metrics[saved..])
        {
            resumed.Observe(metric).Should().Be(whole.Observe(metric));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{ "rate": -1, "best": "1", "bad": 0, "cooling": 0 }""")]
    [InlineData("""{ "rate": 1e99, "best": "1", "bad": 0, "cooling": 0 }""")]
    [InlineData("""{ "rate": "1", "best": "1", "bad": 0, "cooling": 0 }""")]
    [InlineData("""{ "rate": 1, "best": "NaN", "bad": 0, "cooling": 0 }""")]
    [InlineData("""{ "rate": 1, "best": "good", "bad": 0, "cooling": 0 }""")]
    [InlineData("""{ "rate": 1, "best": null, "bad": 0, "cooling": 0 }""")]
    [InlineData("""{ "rate": 1, "best": 1, "bad": 0, "cooling": 0 }""")]
    [InlineData("""{ "rate": 1, "best": "1", "bad": -1, "cooling": 0 }""")]
    [InlineData("""{ "rate": 1, "best": "1", "bad": 0.5, "cooling": 0 }""")]
    [InlineData("""{ "rate": 1, "best": "1", "bad": 0, "cooling": -1 }""")]
    [InlineData("""{ "rate": 1, "best": "1", "bad": 0 }""")]
    public void InvalidHistoryThrows(string json)
    {
        var plateau = new ReduceOnPlateau(0.1);
        plateau.Observe(1);
        FluentActions.Invoking(() => Entry(plateau).Accept(json)).Should().Throw<FormatException>()
            .WithMessage("*reduce_on_plateau*");
        plateau.Rate.Should().Be(0.1);
        plateau.Best.Should().Be(1);
    }

    [Fact]
    public void TwoSchedulesInOneCheckpointNeedTwoNames()
    {
        var contents = new CheckpointManifest();
        new ReduceOnPlateau(1).Describe(contents);
        new ReduceOnPlateau(1) { Name = "second" }.Describe(contents);
        FluentActions.Invoking(() => new ReduceOnPlateau(1).Describe(contents)).Should().Throw<ArgumentException>();
    }

    private static ValueEntry Entry(ReduceOnPlateau plateau)
    {
        var contents = new CheckpointManifest();
        plateau.Describe(contents);
        return (ValueEntry)contents.Entries.Single();
    }
}
