namespace Optimizers.Tests;

/// <summary>Several micro-batches give the same update as one batch of all of them.</summary>
public sealed class GradientAccumulatorTests
{
    private const int Length = 70_000;

    [Theory]
    [InlineData(false, false, 1)]
    [InlineData(false, true, 4)]
    [InlineData(true, false, 4)]
    [InlineData(true, true, 3)]
    public void UpdateUsesTheSumOrTheMean(bool mean, bool addsInPlace, int microBatches)
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
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    public void ParameterIsUpdatedIfAtLeastOneMicroBatchHasItsGradient(bool addsInPlace, int once)
    {
        using ParameterSet set = Set();
        var accumulator = new GradientAccumulator(
            new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { ZeroGradients = true }),
            new() { MicroBatches = 3, Mean = false, AddsInPlace = addsInPlace });
        float[] before = set["w"].Values.ToArray();
        set["b"].HasGradient = false;
        for (int batch = 0; batch < 3; batch++)
        {
            set["w"].HasGradient = batch == once;
            if (batch == once)
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
        set["w"].HasGradient.Should().Be(once == 2, "the update keeps the value that the user has set");
        set["b"].Values.ToArray().Should().OnlyContain(value => value == 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CodeThatAddsToTheGradientsNeedsNoZeroing(bool throws)
    {
        using var set = new ParameterSet();
        Parameter weight = set.Add("w", 1);
        var accumulator = new GradientAccumulator(new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }), new() { MicroBatches = 2 });
        for (int i = 0; i < 6; i++)
        {
            weight.Gradients[0] += throws && i == 1 ? float.NaN : 1;
            if (throws && i == 1)
            {
                accumulator.Invoking(one => one.Step()).Should().Throw<NonFiniteGradientException>();
                continue;
            }

            accumulator.Step();
            weight.Gradients[0].Should().Be(0);
        }

        weight.Values[0].Should().Be(throws ? -2 : -3);
    }

    [Fact]
    public void InnerStepBetweenMicroBatchesThrows()
    {
        using var set = new ParameterSet();
        set.Add("w", 1).Gradients.Fill(1);
        var model = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 });
        var accumulator = new GradientAccumulator(new Lookahead(model), new() { MicroBatches = 3 });
        model.Step();
        accumulator.Step();
        model.Invoking(one => one.Step()).Should().Throw<InvalidOperationException>().WithMessage("*1 of 3 micro-batches*Flush*Discard*");
        accumulator.Discard();
        model.Step();
        accumulator.Step();
        accumulator.Flush().Applied.Should().BeTrue();
        model.Step().Applied.Should().BeTrue();
    }

    [Fact]
    public void NumberOfMicroBatchesMayChange()
    {
        using ParameterSet set = Set();
        var accumulator = new GradientAccumulator(new ModelOptimizer(set, new SgdOptions()), new() { MicroBatches = 5 });
        accumulator.Step().Applied.Should().BeFalse();
        accumulator.Step().Applied.Should().BeFalse();
        accumulator.MicroBatches = 2;
        float before = set["w"].Values[0];
        set["w"].Gradients.Fill(3);
        accumulator.Step().Applied.Should().BeTrue();
        set["w"].Values[0].Should().Be(before - (float)(0.001 / 1) * (3f * (float)(1 / 3.0)), "the update uses the mean of the three micro-batches");
        accumulator.Step().Applied.Should().BeFalse();
        accumulator.Step().Applied.Should().BeTrue();
    }

    [Fact]
    public void SkippedUpdateClearsTheSums()
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
    public void ParametersMayBeAddedBetweenMicroBatches()
    {
        using ParameterSet set = Set();
        var accumulator = new GradientAccumulator(
            new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }), new() { MicroBatches = 2, Mean = false });
        accumulator.Step();
        set.Add("late", 3).Gradients.Fill(4);
        accumulator.Step().Updated.Should().Be(3);
        set["late"].Values.ToArray().Should().Equal(-4, -4, -4);
    }

    /// <summary>Epochs that end before the last update has all its micro-batches.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void FlushUpdatesWithTheMicroBatchesSoFar(bool mean, bool addsInPlace)
    {
        using ParameterSet together = Set();
        using ParameterSet apart = Set();
        var expected = new ModelOptimizer(together, new AdamOptions());
        var accumulator = new GradientAccumulator(
            new ModelOptimizer(apart, new AdamOptions(), new() { ZeroGradients = addsInPlace }),
            new() { MicroBatches = 4, Mean = mean, AddsInPlace = addsInPlace });
        for (int epoch = 0; epoch < 3; epoch++)
        {
            together["w"].Gradients.Clear();
            for (int batch = 0; batch < 3; batch++)
            {
                float[] gradients = Draw.Floats((10 * epoch) + batch, Length);
                Add(gradients, together["w"].Gradients);
                if (!addsInPlace)
                {
                    apart["w"].Gradients.Clear();
                }

                Add(gradients, apart["w"].Gradients);
                accumulator.Step().Outcome.Should().Be(StepOutcome.Accumulated);
            }

            if (!addsInPlace)
            {
                // Gradients without a call of Step are not part of the update.
                apart["w"].Gradients.Fill(1e9f);
            }

            StepReport report = accumulator.Flush();
            StepReport whole = expected.Step(new LossScale(mean ? 3 : 1));
            report.Should().Be(whole with { LossScale = 1 });
            accumulator.Accumulated.Should().Be(0);
        }

        apart["w"].Values.ToArray().ShouldHaveTheBitsOf(together["w"].Values.ToArray(), "values");
        accumulator.UpdateCount.Should().Be(Steps.FromEpochs(3, samples: 3, batchSize: 4));
    }

    [Theory]
    [InlineData(3, 1, 4)]
    [InlineData(8, 2, 4)]
    [InlineData(9, 2, 4)]
    [InlineData(17, 2, 4)]
    [InlineData(100, 7, 3)]
    [InlineData(5, 5, 1)]
    public void NumberOfUpdatesEqualsStepsFromEpochs(int samples, int samplesOfAMicroBatch, int microBatches)
    {
        foreach (bool dropLast in new[] { false, true })
        {
            int batchSize = samplesOfAMicroBatch * microBatches;
            using ParameterSet set = Set();
            var accumulator = new GradientAccumulator(new ModelOptimizer(set, new SgdOptions()), new() { MicroBatches = microBatches });
            for (int epoch = 0; epoch < 3; epoch++)
            {
                for (int sample = 0; sample < samples; sample += samplesOfAMicroBatch)
                {
                    if (!dropLast || sample + samplesOfAMicroBatch <= samples)
                    {
                        accumulator.Step();
                    }
                }

                if (dropLast)
                {
                    accumulator.Discard();
                }
                else
                {
                    accumulator.Flush();
                }
            }

            long expected = dropLast && samples < batchSize ? 0 : Steps.FromEpochs(3, samples, batchSize, dropLast);
            accumulator.UpdateCount.Should().Be(expected);
        }
    }

    [Fact]
    public void FlushWithoutMicroBatchesReportsNothingToUpdate()
    {
        using ParameterSet set = Set();
        set["w"].Gradients.Fill(1);
        var model = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { LossScaler = new LossScaler(), ZeroGradients = true });
        float[] before = set["w"].Values.ToArray();
        var accumulator = new GradientAccumulator(model, new() { MicroBatches = 2 });
        var inPlace = new GradientAccumulator(model, new() { MicroBatches = 2, AddsInPlace = true });
        foreach (IModelOptimizer optimizer in new IModelOptimizer[] { model, accumulator, inPlace, new Lookahead(accumulator), new Sam(new Lookahead(accumulator)) })
        {
            StepReport report = optimizer.Flush();
            report.Outcome.Should().Be(StepOutcome.NothingToUpdate);
            report.Update.Should().Be(0);
            report.LossScale.Should().Be(65_536);
            report.Updated.Should().Be(0);
        }

        set["w"].Values.ToArray().ShouldHaveTheBitsOf(before, "values");
        set["w"].Gradients[0].Should().Be(1);
        accumulator.Step();
        accumulator.Step();
        accumulator.Flush().Outcome.Should().Be(StepOutcome.NothingToUpdate, "the update has been taken");
    }

    [Fact]
    public void FlushUpdatesParametersWithAGradientInAnyMicroBatch()
    {
        using ParameterSet set = Set();
        set.Add("late", 1).HasGradient = false;
        var accumulator = new GradientAccumulator(
            new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }), new() { MicroBatches = 4, Mean = false });
        float w = set["w"].Values[0];
        set["w"].Gradients.Fill(2);
        set["b"].HasGradient = false;
        accumulator.Step();
        set["w"].HasGradient = false;
        set["w"].Gradients.Fill(1e9f);
        set["late"].HasGradient = true;
        set["late"].Gradients.Fill(1e9f);
        StepReport report = accumulator.Flush();
        report.Updated.Should().Be(1);
        report.WithoutGradient.Should().Be(2);
        set["w"].Values[0].Should().Be(w - 2);
        set["late"].Values[0].Should().Be(0);
        set["w"].HasGradient.Should().BeFalse("the update keeps the value that the user has set");
        set["late"].HasGradient.Should().BeTrue("the update keeps the value that the user has set");
        set["b"].HasGradient.Should().BeFalse("the update keeps the value that the user has set");
    }

    [Fact]
    public void WrappersForwardFlushAndCountItsUpdate()
    {
        using ParameterSet set = Set();
        var inner = new GradientAccumulator(new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }), new() { MicroBatches = 3 });
        var lookahead = new Lookahead(inner, new() { SynchronizationPeriod = 1 });
        var outer = new GradientAccumulator(lookahead, new() { MicroBatches = 2 });
        float before = set["w"].Values[0];
        set["w"].Gradients.Fill(1);
        outer.Step();
        set["w"].Gradients.Fill(3);
        outer.Step().Outcome.Should().Be(StepOutcome.Accumulated, "the inner accumulator waits for two more micro-batches");
        outer.Flush().Outcome.Should().Be(StepOutcome.Applied);
        lookahead.StepCount.Should().Be(1);
        set["w"].Values[0].Should().Be(before - 1, "Lookahead moves half of the mean of the two micro-batches, which is 2");
        outer.Inner.Should().BeSameAs(lookahead);
        lookahead.Inner.Should().BeSameAs(inner);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AccumulationContinuesAfterACheckpoint(bool addsInPlace)
    {
        using var folder = new TemporaryFolder();
        using ParameterSet whole = Set();
        using ParameterSet resumed = Set();
        (Checkpoint Checkpoint, GradientAccumulator Accumulator) one = Make(whole), other = Make(resumed);
        Run(whole, one.Accumulator, 0, 6);
        one.Checkpoint.Save(folder["window"]);
        other.Checkpoint.Load(folder["window"]);
        other.Accumulator.Accumulated.Should().Be(2);
        other.Accumulator.Invoking(a => a.Step()).Should().Throw<ArgumentException>().WithParameterName("lossScale")
            .WithMessage("*has the loss scale 1, but the 2 before it in this update have 512*");
        Run(whole, one.Accumulator, 6, 7);
        Run(resumed, other.Accumulator, 6, 7);
        other.Accumulator.Flush().Should().Be(one.Accumulator.Flush());
        Run(whole, one.Accumulator, 7, 14);
        Run(resumed, other.Accumulator, 7, 14);
        resumed["w"].Values.ToArray().ShouldHaveTheBitsOf(whole["w"].Values.ToArray(), "values");

        // The last save is in the middle of an update, and a flush follows immediately.
        one.Checkpoint.Save(folder["again"]);
        using ParameterSet last = Set();
        (Checkpoint Checkpoint, GradientAccumulator Accumulator) third = Make(last);
        third.Checkpoint.Load(folder["again"]);
        third.Accumulator.Flush().Should().Be(one.Accumulator.Flush());
        last["w"].Values.ToArray().ShouldHaveTheBitsOf(whole["w"].Values.ToArray(), "values");

        (Checkpoint Checkpoint, GradientAccumulator Accumulator) Make(ParameterSet set)
        {
            var model = new ModelOptimizer(set, new AdamOptions(), new() { LossScaler = new LossScaler(new() { InitialScale = 2 }), ZeroGradients = true });
            var accumulator = new GradientAccumulator(model, new() { MicroBatches = 4, AddsInPlace = addsInPlace });
            var checkpoint = new Checkpoint(model) { IncludeParameters = true };
            checkpoint.Add("accumulator", accumulator);
            return (checkpoint, accumulator);
        }

        void Run(ParameterSet set, GradientAccumulator accumulator, int from, int to)
        {
            for (int batch = from; batch < to; batch++)
            {
                if (!addsInPlace)
                {
                    set["w"].Gradients.Clear();
                }

                Add([.. Draw.Floats(batch, Length).Select(g => g * 1024)], set["w"].Gradients);
                accumulator.Step(new LossScale(512)).LossScale.Should().Be(1024);
            }
        }
    }

    [Fact]
    public void FileOfAnEarlierVersionWithoutLossScaleLoads()
    {
        using var set = new ParameterSet();
        set.Add("w", 1).Gradients[0] = 8;
        var model = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 });
        var earlier = new Checkpoint(model) { IncludeParameters = true };
        earlier.Add("accumulator", new EarlierAccumulator([16]));
        byte[] file = CheckpointBytes.Of(earlier);

        var accumulator = new GradientAccumulator(model, new() { MicroBatches = 2 });
        accumulator.Step();
        var checkpoint = new Checkpoint(model) { IncludeParameters = true };
        checkpoint.Add("accumulator", accumulator);
        CheckpointBytes.Load(checkpoint, file).Differences.Should().BeEmpty();
        accumulator.Accumulated.Should().Be(1);
        set["w"].Gradients[0] = 8;
        accumulator.Step(new LossScale(4)).Applied.Should().BeTrue();
        set["w"].Values[0].Should().Be(-3, "the mean of 16 and 8 is divided by 4");
    }

    [Fact]
    public void MicroBatchesWithDifferentLossScalesThrow()
    {
        using ParameterSet set = Set();
        var scaler = new LossScaler(new() { InitialScale = 4 });
        var model = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { LossScaler = scaler });
        var accumulator = new GradientAccumulator(model, new() { MicroBatches = 2 });
        float before = set["w"].Values[0];
        set["w"].Gradients.Fill(8);
        accumulator.Step(new LossScale(2));
        set["w"].Gradients.Fill(3);
        foreach (LossScale other in new[] { default, new LossScale(2) { MicroBatches = 2 }, new LossScale(4) })
        {
            accumulator.Invoking(a => a.Step(other)).Should().Throw<ArgumentException>().WithParameterName("lossScale")
                .WithMessage("*the 1 before it in this update have 2.*Discard*");
        }

        scaler.Update(StepOutcome.Skipped);
        accumulator.Invoking(a => a.Step(new LossScale(2))).Should().Throw<InvalidOperationException>()
            .WithMessage("The scale of the LossScaler is 2, but was 4 at the first of the 1 micro-batches*Discard*");
        accumulator.Invoking(a => a.Flush()).Should().Throw<InvalidOperationException>();
        accumulator.Accumulated.Should().Be(1);
        set["w"].Gradients[0].Should().Be(3);
        set["w"].Values[0].Should().Be(before);

        accumulator.Discard();
        accumulator.Accumulated.Should().Be(0);
        for (int batch = 0; batch < 2; batch++)
        {
            set["w"].Gradients.Fill(2);
            accumulator.Step();
        }

        set["w"].Values[0].Should().Be(before - 1, "the discarded gradient is not in the update");
    }

    [Fact]
    public void AddsInPlaceWithoutZeroingThrows()
    {
        using ParameterSet set = Set();
        var model = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 });
        var inPlace = new GradientAccumulatorOptions { MicroBatches = 1, AddsInPlace = true };
        foreach (IModelOptimizer optimizer in new IModelOptimizer[] { model, new Lookahead(model), new Sam(new Lookahead(model)), new GradientAccumulator(model, new()) })
        {
            FluentActions.Invoking(() => new GradientAccumulator(optimizer, inPlace)).Should().Throw<ArgumentException>()
                .WithParameterName("AddsInPlace").WithMessage("*ZeroGradients = true*ZeroedByCaller = true*");
        }

        var byCaller = new GradientAccumulator(new Lookahead(model), inPlace with { ZeroedByCaller = true });
        using ParameterSet zeroing = Set();
        var zeroed = new GradientAccumulator(
            new Lookahead(new ModelOptimizer(zeroing, new SgdOptions { LearningRate = 1 }, new() { ZeroGradients = true })), inPlace);
        for (int update = 1; update <= 3; update++)
        {
            foreach (ParameterSet adding in new[] { set, zeroing })
            {
                adding["b"].Gradients[0] += 1;
            }

            byCaller.Step();
            set.ZeroGradients();
            zeroed.Step();
            set["b"].Values[0].Should().Be(-update);
            zeroing["b"].Values[0].Should().Be(-update);
        }
    }

    [Fact]
    public void FailedUpdateDiscardsItsMicroBatches()
    {
        foreach (bool addsInPlace in new[] { false, true })
        {
            using ParameterSet set = Set();
            var accumulator = new GradientAccumulator(
                new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { ZeroGradients = true }),
                new() { MicroBatches = 2, AddsInPlace = addsInPlace });
            for (int batch = 0; batch < 4; batch++)
            {
                if (!addsInPlace)
                {
                    set["b"].Gradients.Clear();
                }

                set["b"].Gradients[0] += batch == 0 ? float.NaN : batch;
                if (batch == 1)
                {
                    accumulator.Invoking(a => a.Step()).Should().Throw<NonFiniteGradientException>();
                    accumulator.Accumulated.Should().Be(0);
                }
                else
                {
                    accumulator.Step();
                }
            }

            set["b"].Values[0].Should().Be(-2.5f, "the update uses the mean of 2 and 3");
        }
    }

    [Fact]
    public void WrapperThatOverwritesGradientsRefusesAddsInPlace()
    {
        using ParameterSet set = Set();
        var model = new ModelOptimizer(set, new SgdOptions(), new() { ZeroGradients = true });
        var inPlace = new GradientAccumulator(model, new() { MicroBatches = 2, AddsInPlace = true });
        foreach (Func<IModelOptimizer> refused in new Func<IModelOptimizer>[]
        {
            () => new Sam(inPlace),
            () => new Sam(new Lookahead(inPlace)),
            () => new GradientAccumulator(inPlace, new()),
            () => new GradientAccumulator(new Lookahead(inPlace), new()),
        })
        {
            refused.Should().Throw<ArgumentException>().WithParameterName("optimizer").WithMessage("*cannot wrap a GradientAccumulator with AddsInPlace*");
        }
    }

    [Fact]
    public void ReportContainsTheScaleOfTheScaler()
    {
        using ParameterSet set = Set();
        var accumulator = new GradientAccumulator(
            new Lookahead(new ModelOptimizer(set, new SgdOptions(), new() { LossScaler = new LossScaler() })), new() { MicroBatches = 4 });
        for (int batch = 0; batch < 5; batch++)
        {
            accumulator.Step().LossScale.Should().Be(65_536);
        }

        accumulator.Flush().LossScale.Should().Be(65_536);
        accumulator.Step(new LossScale(2)).LossScale.Should().Be(131_072);
    }

    [Fact]
    public void StepAllocatesNothing()
    {
        using ParameterSet set = Set();
        var accumulator = new GradientAccumulator(new ModelOptimizer(set, new AdamOptions()), new() { MicroBatches = 2 });
        Allocations.Of(() => accumulator.Step()).Should().Be(0);
    }

    [Fact]
    public void InvalidArgumentThrows()
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

    /// <summary>The checkpoint entries of an accumulator with one micro-batch, in the version that did not save the loss scale.</summary>
    private sealed class EarlierAccumulator(float[] sums) : ICheckpointed
    {
        public void Describe(CheckpointManifest contents)
        {
            contents.Options(new GradientAccumulatorOptions { MicroBatches = 2 }, "microBatches");
            contents.Counter("accumulated", () => 1, _ => { });
            contents.Counter("micro_batches", () => 2, _ => { });
            contents.Tensor("w.accumulated", [sums.Length], () => sums.AsSpan());
            contents.Counter("w.has_gradient", () => 1, _ => { });
        }
    }
}
