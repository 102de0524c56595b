using Optimizers.Schedules;

namespace Optimizers.Tests;

/// <summary>Several micro-batches give what one batch of them all would.</summary>
public sealed class GradientAccumulatorTests
{
    private const int Length = 70_000;

    [Theory]
    [InlineData(false, false, 1)]
    [InlineData(false, true, 4)]
    [InlineData(true, false, 4)]
    [InlineData(true, true, 3)]
    public void TheUpdateSeesTheSumOrTheMean(bool mean, bool addsInPlace, int microBatches)
    {
        using ParameterSet together = Set();
        var expected = new ModelOptimizer(together, new AdamOptions(), Options());
        using ParameterSet apart = Set();
        var accumulator = new GradientAccumulator(
            new ModelOptimizer(apart, new AdamOptions(), Options()),
            new() { MicroBatches = microBatches, Mean = mean, AddsInPlace = addsInPlace });
        for (int update = 0; update < 3; update++)
        {
            together["w"].Gradients.Clear();
            for (int batch = 0; batch < microBatches; batch++)
            {
                float[] gradients = Draw.Floats((10 * update) + batch, Length);
                Add(gradients, together["w"].Gradients);
                if (addsInPlace)
                {
                    Add(gradients, apart["w"].Gradients);
                }
                else
                {
                    gradients.CopyTo(apart["w"].Gradients);
                }

                StepReport report = accumulator.Step();
                report.Outcome.Should().Be(batch == microBatches - 1 ? StepOutcome.Applied : StepOutcome.Accumulated);
                report.Update.Should().Be(update);
                accumulator.Accumulated.Should().Be(report.Applied ? 0 : batch + 1);
            }

            StepReport whole = expected.Step(new LossScale(mean ? microBatches : 1));
            whole.ClipFactor.Should().BeLessThan(1);
            accumulator.UpdateCount.Should().Be(expected.UpdateCount);
        }

        apart["w"].Values.ToArray().ShouldHaveTheBitsOf(together["w"].Values.ToArray(), "values");

        ModelOptimizerOptions Options() => new()
        {
            Clip = new ClipByGlobalNorm { MaximumNorm = 0.1 },
            Schedule = new Cosine(1e-2, 5),
            ZeroGradients = addsInPlace,
        };
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AParameterTakesPartIfItHadAGradientOnce(bool addsInPlace)
    {
        using ParameterSet set = Set();
        var accumulator = new GradientAccumulator(
            new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { ZeroGradients = true }),
            new() { MicroBatches = 3, Mean = false, AddsInPlace = addsInPlace });
        float[] before = set["w"].Values.ToArray();
        set["b"].HasGradient = false;
        for (int batch = 0; batch < 3; batch++)
        {
            set["w"].HasGradient = batch == 1;
            if (batch == 1)
            {
                set["w"].Gradients.Fill(2);
            }
            else if (!addsInPlace)
            {
                set["w"].Gradients.Fill(1e9f);
            }

            accumulator.Step();
        }

        set["w"].Values[5].Should().Be(before[5] - 2);
        set["w"].HasGradient.Should().BeFalse("as the user has set it");
        set["b"].Values.ToArray().Should().OnlyContain(value => value == 0);
    }

    [Fact]
    public void TheNumberOfMicroBatchesMayChange()
    {
        using ParameterSet set = Set();
        var accumulator = new GradientAccumulator(new ModelOptimizer(set, new SgdOptions()), new() { MicroBatches = 5 });
        accumulator.Step().Applied.Should().BeFalse();
        accumulator.Step().Applied.Should().BeFalse();
        accumulator.MicroBatches = 2;
        float before = set["w"].Values[0];
        set["w"].Gradients.Fill(3);
        accumulator.Step().Applied.Should().BeTrue();
        set["w"].Values[0].Should().Be(before - (float)(0.001 / 1) * (3f * (float)(1 / 3.0)), "it is the mean of the three that there were");
        accumulator.Step().Applied.Should().BeFalse();
        accumulator.Step().Applied.Should().BeTrue();
    }

    [Fact]
    public void ASkippedUpdateStartsAnew()
    {
        using ParameterSet set = Set();
        var accumulator = new GradientAccumulator(
            new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { NonFinite = NonFinitePolicy.Skip }), new() { MicroBatches = 2 });
        float before = set["w"].Values[0];
        set["w"].Gradients[3] = float.NaN;
        accumulator.Step();
        accumulator.Step().Outcome.Should().Be(StepOutcome.Skipped);
        accumulator.UpdateCount.Should().Be(0);
        for (int batch = 0; batch < 2; batch++)
        {
            set["w"].Gradients.Fill(1);
            accumulator.Step();
        }

        set["w"].Values[0].Should().Be(before - 1);
        set["w"].Values.ToArray().Should().OnlyContain(value => float.IsFinite(value));
    }

    [Fact]
    public void ParametersMayBeAddedMeanwhile()
    {
        using ParameterSet set = Set();
        var accumulator = new GradientAccumulator(
            new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }), new() { MicroBatches = 2, Mean = false });
        accumulator.Step();
        set.Add("late", 3).Gradients.Fill(4);
        accumulator.Step().Updated.Should().Be(3);
        set["late"].Values.ToArray().Should().Equal(-4, -4, -4);
    }

    [Fact]
    public void AStepAllocatesNothing()
    {
        using ParameterSet set = Set();
        var accumulator = new GradientAccumulator(new ModelOptimizer(set, new AdamOptions()), new() { MicroBatches = 2 });
        Allocations.Of(() => accumulator.Step()).Should().Be(0);
    }

    [Fact]
    public void WhatItRefuses()
    {
        using ParameterSet set = Set();
        var model = new ModelOptimizer(set, new SgdOptions());
        FluentActions.Invoking(() => new GradientAccumulator(model, new() { MicroBatches = 0 }))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("MicroBatches");
        FluentActions.Invoking(() => new GradientAccumulator(null!, new())).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => new GradientAccumulator(model, null!)).Should().Throw<ArgumentNullException>();
    }

    private static ParameterSet Set()
    {
        var set = new ParameterSet();
        set.AddRange(("w", [Length]), ("b", [7]));
        Draw.Floats(99, Length).CopyTo(set["w"].Values);
        return set;
    }

    private static void Add(float[] gradients, Span<float> sums)
    {
        for (int i = 0; i < gradients.Length; i++)
        {
            sums[i] += gradients[i];
        }
    }
}
