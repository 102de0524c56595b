namespace Optimizers.TorchSharp.Tests;

/// <summary>Gradients of several backward passes for one step, and loss scales.</summary>
public sealed class AccumulationTests
{
    private static GradientAccumulator Accumulate(ModuleOptimizer optimizer, int microBatches) =>
        new(optimizer, new GradientAccumulatorOptions { MicroBatches = microBatches });

    private static Parts Two() => new(Networks.One(1, 2), Networks.One(3, 4));

    /// <summary>The mean over equal micro-batches is the mean over the large batch, up to rounding.</summary>
    [TorchFact]
    public void MicroBatchesEqualALargeBatch()
    {
        using Network small = Networks.Mlp(), large = Networks.Mlp();
        using ModuleOptimizer optimizer = new(small, new SgdOptions { LearningRate = 0.1 }), ofLarge = new(large, new SgdOptions { LearningRate = 0.1 });
        GradientAccumulator accumulator = Accumulate(optimizer, 4);
        float[] before = small.AllValues();
        for (int batch = 0; batch < 4; batch++)
        {
            Networks.Backward(small, batch);
            accumulator.Step().Outcome.Should().Be(batch < 3 ? StepOutcome.Accumulated : StepOutcome.Applied);
        }

        using (DisposeScope scope = torch.NewDisposeScope())
        {
            Tensor sum = Enumerable.Range(0, 4).Select(batch => Networks.Loss(large, batch)).Aggregate((one, other) => one + other);
            (sum / 4).backward();
        }

        ofLarge.Step();
        float[] ours = small.AllValues(), theirs = large.AllValues();
        for (int i = 0; i < ours.Length; i++)
        {
            ours[i].Should().BeApproximately(theirs[i], 1e-7f);
        }

        ours.Zip(before, (after, was) => Math.Abs(after - was)).Max().Should().BeGreaterThan(1e-3f);
    }

    [TorchFact]
    public void ParameterWithoutGradientInTheLastMicroBatchIsUpdated()
    {
        using Parts module = Two();
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        GradientAccumulator accumulator = Accumulate(optimizer, 2);
        TorchParameter first = module.get_parameter("0.w")!, second = module.get_parameter("1.w")!;
        (first.sum() + second.sum()).backward();
        accumulator.Step();
        first.grad.Should().BeNull("an accumulated gradient must not be added to again");
        (3 * first).sum().backward();
        StepReport report = accumulator.Step();
        report.Updated.Should().Be(2);
        first.Values().Should().Equal(1 - 2, 2 - 2);
        second.Values().Should().Equal(3 - 0.5f, 4 - 0.5f);
    }

    [TorchFact]
    public void FlushTakesTheMicroBatchesSoFar()
    {
        using Parts module = Two();
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        GradientAccumulator accumulator = Accumulate(optimizer, 5);
        TorchParameter first = module.get_parameter("0.w")!;
        for (int batch = 1; batch <= 3; batch++)
        {
            (batch * first).sum().backward();
            accumulator.Step();
        }

        optimizer.Invoking(direct => direct.Step()).Should().Throw<InvalidOperationException>().WithMessage("*3 of 5 micro-batches*");
        accumulator.Flush().Applied.Should().BeTrue();
        first.Values().Should().Equal(1 - 2, 2 - 2);
        accumulator.Accumulated.Should().Be(0);
    }

    [TorchFact]
    public void SumInPlaceIsRefused()
    {
        using Parts module = Two();
        using var optimizer = new ModuleOptimizer(module, new SgdOptions());
        Action create = () => _ = new GradientAccumulator(
            optimizer, new GradientAccumulatorOptions { MicroBatches = 2, AddsInPlace = true, ZeroedByCaller = true });
        create.Should().Throw<ArgumentException>().WithMessage("AddsInPlace cannot be set, because the gradients of these parameters come from a GradientSource.*");
    }

    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void OverflowSkipsTheStepAndClearsGradients(bool zeroes)
    {
        using OneParameter module = Networks.One(1, 2);
        var scaler = new LossScaler(new LossScalerOptions { InitialScale = 1024, GrowthInterval = 2 });
        using var optimizer = new ModuleOptimizer(
            module, new SgdOptions { LearningRate = 1 }, new ModelOptimizerOptions { LossScaler = scaler, ZeroGradients = zeroes });
        (float.MaxValue * module.w * (float)scaler.Scale).sum().backward();
        StepReport report = optimizer.Step();
        report.Outcome.Should().Be(StepOutcome.Skipped);
        scaler.Scale.Should().Be(512);
        module.w.Values().Should().Equal(1, 2);
        (module.w.Gradient() ?? [0]).Should().OnlyContain(value => value == 0);

        for (int step = 0; step < 2; step++)
        {
            (module.w * (float)scaler.Scale).sum().backward();
            optimizer.Step().Applied.Should().BeTrue();
        }

        module.w.Values().Should().Equal(-1, 0);
        scaler.Scale.Should().Be(1024);
    }

    [TorchFact]
    public void LossScaleOfAStepIsDividedOut()
    {
        using OneParameter module = Networks.One(1, 2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        (64 * module.w).sum().backward();
        optimizer.Step(new LossScale(64)).GradientNorm.Should().BeApproximately(Math.Sqrt(2), 1e-7);
        module.w.Values().Should().Equal(0, 1);
    }
}
