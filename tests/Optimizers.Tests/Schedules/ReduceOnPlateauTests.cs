using Optimizers.Schedules;

namespace Optimizers.Tests;

/// <summary>The one schedule with a history; its numbers are held against the golden recordings.</summary>
public sealed class ReduceOnPlateauTests
{
    private static readonly double[] _metrics =
        [1, 0.8, 0.9, double.NaN, 0.85, 0.7, 0.7, 0.7, 0.7, 0.9, 0.2, double.PositiveInfinity, 0.3, 0.4, 0.3, 0.3];

    [Fact]
    public void ItDrivesAModel()
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
    public void ANaNIsNeverBetter()
    {
        var plateau = new ReduceOnPlateau(1, factor: 0.5, patience: 1);
        plateau.Observe(double.NaN).Should().Be(1);
        plateau.Observe(double.NaN).Should().Be(0.5);
        plateau.Best.Should().Be(double.PositiveInfinity);
        plateau.Observe(3).Should().Be(0.5);
        plateau.Best.Should().Be(3);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(12)]
    public void ItGoesOnFromACheckpointAsIfNothingHadHappened(int saved)
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
    public void AHistoryThatIsNoneIsRefused(string json)
    {
        var plateau = new ReduceOnPlateau(0.1);
        plateau.Observe(1);
        FluentActions.Invoking(() => Entry(plateau).Accept(json)).Should().Throw<FormatException>()
            .WithMessage("*reduce_on_plateau*");
        plateau.Rate.Should().Be(0.1);
        plateau.Best.Should().Be(1);
    }

    [Fact]
    public void TwoInOneCheckpointNeedTwoNames()
    {
        var contents = new CheckpointContents();
        new ReduceOnPlateau(1).Describe(contents);
        new ReduceOnPlateau(1) { Name = "second" }.Describe(contents);
        FluentActions.Invoking(() => new ReduceOnPlateau(1).Describe(contents)).Should().Throw<ArgumentException>();
    }

    private static ValueEntry Entry(ReduceOnPlateau plateau)
    {
        var contents = new CheckpointContents();
        plateau.Describe(contents);
        return (ValueEntry)contents.Entries.Single();
    }
}
