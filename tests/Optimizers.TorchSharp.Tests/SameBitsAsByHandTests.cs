using System.Diagnostics.Metrics;
using Optimizers.Schedules;

namespace Optimizers.TorchSharp.Tests;

public sealed class BFloat16SameBitsAsByHandTests() : SameBitsAsByHand(torch.ScalarType.BFloat16);

public sealed class HalfSameBitsAsByHandTests() : SameBitsAsByHand(torch.ScalarType.Float16);

/// <summary>
/// Everything around the update gives the same bits over a module as over a set of its own memory that torch's gradients are
/// copied into. That set is in float32, so the master copies of a module in 16 bits have the bits of a set in float32 that gets the same
/// 16-bit gradients.
/// </summary>
public abstract class SameBitsAsByHand(torch.ScalarType type)
{
    private const int Steps = 12;

    protected static AdamWOptions AdamW { get; } = new() { LearningRate = 0.01, WeightDecay = 0.1 };

    /// <summary>A run: its model optimizer or module optimizer, its parameters, and a function that computes the gradients of a batch.</summary>
    private sealed record Run(IModelOptimizer Optimizer, ModelOptimizer Model, Func<int, double> Backward, Action Clear, Action Overflow)
    {
        public ParameterSet Set => Optimizer.Parameters;
    }

    /// <summary>Trains the same network both ways and compares bits.</summary>
    private void Compare(
        Action<Run> train, Func<ParameterGroup[]>? groups = null, Func<ModelOptimizerOptions>? options = null, string network = "cnn")
    {
        groups ??= () => [new ParameterGroup(AdamW)];
        options ??= () => new ModelOptimizerOptions();
        using Network module = Networks.Of(network, type), byHand = Networks.Of(network, type);
        float[] before = module.AllValues();

        using var optimizer = new ModuleOptimizer(module, groups(), options());
        train(new Run(optimizer, optimizer.Model, batch => Networks.Backward(module, batch), optimizer.ClearGradients, () => Fill(module)));

        using var hand = new HandTraining(byHand);
        var model = new ModelOptimizer(hand.Set, groups(), options());
        train(new Run(model, model, hand.Backward, hand.Set.ZeroGradients, () => hand.Set[0].Gradients[1] = float.PositiveInfinity));
        hand.Give();

        optimizer.UpdateCount.Should().Be(model.UpdateCount);
        foreach (Parameter parameter in optimizer.Parameters)
        {
            OptimizerState ours = optimizer.Model.StateOf(parameter.Name), theirs = model.StateOf(parameter.Name);
            parameter.Values.ToArray().ShouldHaveTheBitsOf(hand.Set[parameter.Name].Values.ToArray(), $"values or master copy of {parameter.Name}");
            if (ours.Iteration > 0 || theirs.Iteration > 0)
            {
                ours.Save().ShouldHaveTheBitsOf(theirs.Save(), parameter.Name);
            }
        }

        module.AllValues().ShouldHaveTheBitsOf(byHand.AllValues(), "values");
        module.AllValues().AsSpan().SequenceEqual(before).Should().BeFalse();
    }

    // What an overflow leaves in torch's gradient.
    private static void Fill(Network module)
    {
        using Tensor gradient = module.parameters().First().grad!;
        gradient.view(-1)[1] = float.PositiveInfinity;
    }

    private static void TakeSteps(Run run)
    {
        for (int step = 0; step < Steps; step++)
        {
            run.Backward(step);
            run.Optimizer.Step().Applied.Should().BeTrue();
        }
    }

    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void GroupsByNameAndShape(bool zeroes) => Compare(
        TakeSteps,
        () =>
        [
            new ParameterGroup(new MuonOptions { LearningRate = 0.02 }) { Where = parameter => parameter.Shape.Count == 2, MomentumSchedule = new Linear(0.8, 0.95, 10) },
            new ParameterGroup(AdamW) { Where = parameter => parameter.Name.EndsWith("Norm.weight", StringComparison.Ordinal), WeightDecay = 0, RateFactor = 0.5 },
            new ParameterGroup(AdamW) { Where = parameter => parameter.Name == "output.bias", Frozen = true },
            new ParameterGroup(new LionOptions { LearningRate = 0.003 }) { Schedule = new WarmupCosine(0.003, 3, 12) },
        ],
        () => new ModelOptimizerOptions { ZeroGradients = zeroes });

    [TorchFact]
    public void ScheduleOfTheModel() =>
        Compare(TakeSteps, options: () => new ModelOptimizerOptions { Schedule = new WarmupCosine(0.02, 4, 12, 0.001) });

    public static TheoryData<string> Clips => ["global", "value", "norm", "adaptive", "own"];

    [TorchTheory]
    [MemberData(nameof(Clips))]
    public void Clip(string kind) => Compare(TakeSteps, options: () => new ModelOptimizerOptions
    {
        Clip = kind switch
        {
            "global" => new ClipByGlobalNorm { MaximumNorm = 0.1 },
            "value" => new ClipByValue { Limit = 0.003 },
            "norm" => new ClipByNorm { MaximumNorm = 0.05 },
            "adaptive" => new AdaptiveClip { Clipping = 0.01 },
            _ => new Centring(),
        },
        ZeroGradients = kind == "own",
    });

    /// <summary>A clip of the user's own that subtracts the mean of each tensor's gradient.</summary>
    private sealed record Centring : IRewritingClip
    {
        public void Rewrite(ClipStep step, TensorGradient tensor)
        {
            float sum = 0;
            foreach (float gradient in tensor.Gradients)
            {
                sum += gradient;
            }

            foreach (ref float gradient in tensor.Gradients)
            {
                gradient -= sum / tensor.Gradients.Length;
            }
        }
    }

    [TorchFact]
    public void Accumulation() => Compare(run =>
    {
        var accumulator = new GradientAccumulator(run.Optimizer, new GradientAccumulatorOptions { MicroBatches = 3 });
        for (int step = 0; step < Steps - 1; step++)
        {
            run.Backward(step);
            accumulator.Step();
        }

        accumulator.Flush().Applied.Should().BeTrue("the last two micro-batches are left");
        accumulator.Flush().Applied.Should().BeFalse();
    });

    [TorchFact]
    public void LossScale() => Compare(
        run =>
        {
            int skips = 0;
            for (int step = 0; step < Steps; step++)
            {
                run.Backward(step);
                if (step is 3 or 7)
                {
                    run.Overflow();
                }

                skips += run.Optimizer.Step().Outcome == StepOutcome.Skipped ? 1 : 0;
            }

            skips.Should().Be(2);
            run.Model.UpdateCount.Should().Be(Steps - 2);
        },
        options: () => new ModelOptimizerOptions { LossScaler = new LossScaler(new LossScalerOptions { InitialScale = 4, GrowthInterval = 3 }) });

    public static TheoryData<string> Averages => ["exponential", "mean"];

    [TorchTheory]
    [MemberData(nameof(Averages))]
    public void AverageWithSwap(string kind) => Compare(run =>
    {
        AveragedWeights average = kind == "mean"
            ? new WeightAverage(run.Set, new WeightAverageOptions { FirstStep = 3, Interval = 2 })
            : new ExponentialMovingAverage(run.Set, new ExponentialMovingAverageOptions { Decay = 0.9, Warmup = true });
        var losses = new List<double>();
        for (int step = 0; step < Steps; step++)
        {
            run.Backward(step);
            average.Update(run.Optimizer.Step());
            if (step % 4 == 3)
            {
                using (average.SwapIn())
                {
                    // Gradients at the averages: the forward pass must use them.
                    losses.Add(run.Backward(0));
                    run.Clear();
                    run.Optimizer.Invoking(swapped => swapped.Step()).Should().Throw<InvalidOperationException>();
                }

                losses[^1].Should().NotBe(run.Backward(0));
                run.Clear();
            }
        }

        // At the end the averages become the weights.
        average.CopyTo(run.Set);
    });

    [TorchFact]
    public void LookaheadOverAModule() => Compare(run =>
    {
        var lookahead = new Lookahead(run.Optimizer, new LookaheadOptions { SynchronizationPeriod = 4 });
        for (int step = 0; step < Steps; step++)
        {
            run.Backward(step);
            lookahead.Step();
        }

        using (lookahead.SwapIn())
        {
            run.Backward(1).Should().BePositive();
            run.Clear();
        }
    });

    [TorchTheory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void SamOverAModule(bool inTwoCalls, bool adaptive) => Compare(run =>
    {
        var sam = new Sam(run.Optimizer, new SamOptions { Rho = 0.1, Adaptive = adaptive });
        for (int step = 0; step < Steps; step++)
        {
            if (inTwoCalls)
            {
                run.Backward(step);
                sam.Ascend().Should().BePositive();
                run.Backward(step);
                sam.Step().Applied.Should().BeTrue();
            }
            else
            {
                sam.Step(() => run.Backward(step)).Applied.Should().BeTrue();
            }
        }
    });

    [TorchFact]
    public void WrappersNest() => Compare(
        run =>
        {
            var lookahead = new Lookahead(
                new GradientAccumulator(run.Optimizer, new GradientAccumulatorOptions { MicroBatches = 2 }), new LookaheadOptions { SynchronizationPeriod = 2 });
            var average = new ExponentialMovingAverage(run.Set);
            var sam = new Sam(lookahead);
            for (int step = 0; step < Steps; step++)
            {
                average.Update(sam.Step(() => run.Backward(step)));
            }
        },
        options: () => new ModelOptimizerOptions { Clip = new ClipByGlobalNorm { MaximumNorm = 0.2 } });

    [TorchTheory]
    [InlineData(LineSearch.None)]
    [InlineData(LineSearch.StrongWolfe)]
    public void LbfgsByClosure(LineSearch search)
    {
        using Network module = Networks.Of("mlp", type), byHand = Networks.Of("mlp", type);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions());
        using var hand = new HandTraining(byHand);
        var options = new LbfgsOptions { LearningRate = 0.5, MaximumIterations = 4, LineSearch = search };
        Lbfgs one = new((int)optimizer.Parameters.ElementCount, options), other = new((int)hand.Set.ElementCount, options);
        for (int step = 0; step < 3; step++)
        {
            LbfgsReport ours = one.Step(optimizer.Parameters, () => Networks.Backward(module, 0));
            LbfgsReport theirs = other.Step(hand.Set, () => hand.Backward(0));
            ours.Should().Be(theirs);
            ours.Loss.Should().BeLessThan(ours.FirstLoss);
        }

        hand.Give();
        module.AllValues().ShouldHaveTheBitsOf(byHand.AllValues(), "values");
        module.parameters().Select(parameter => parameter.Gradient()).Should().AllSatisfy(gradient => gradient.Should().BeNull("an evaluation has used the gradients"));
    }

    /// <summary>The search restores parameters, state, the buffers of BatchNorm and torch's generator.</summary>
    [TorchFact]
    public void RateFinderRestoresEverything()
    {
        using Network module = Networks.Cnn(dropout: 0.3);
        module.to(type);
        using var optimizer = new ModuleOptimizer(module, AdamW);
        for (int step = 0; step < 3; step++)
        {
            Networks.Backward(module, step);
            optimizer.Step();
        }

        float[] before = module.AllValues();
        OptimizerSnapshot state = optimizer.Model.StateOf("output.weight").Save();
        long batches = module.named_buffers().First(pair => pair.buffer.dtype == torch.ScalarType.Int64).buffer.item<long>();
        byte[] generator = torch.random.get_rng_state().bytes.ToArray();
        float[] trained = [];
        RateReport report = RateFinder.Find(
            optimizer.CreateCheckpoint(),
            _ =>
            {
                double loss = Networks.Backward(module, 1);
                optimizer.Step();
                trained = module.AllValues();
                return loss;
            },
            new RateFinderOptions { Points = 40, Smoothing = 0.5, HighestRate = 1 });

        report.Points.Should().HaveCountGreaterThan(10);
        trained.AsSpan().SequenceEqual(before).Should().BeFalse();
        module.AllValues().ShouldHaveTheBitsOf(before, "parameters and buffers");
        module.named_buffers().First(pair => pair.buffer.dtype == torch.ScalarType.Int64).buffer.item<long>().Should().Be(batches);
        optimizer.Model.StateOf("output.weight").Save().ShouldHaveTheBitsOf(state, "state");
        torch.random.get_rng_state().bytes.ToArray().Should().Equal(generator);
        optimizer.UpdateCount.Should().Be(3);
    }
}

public sealed class SameBitsAsByHandTests() : SameBitsAsByHand(torch.ScalarType.Float32)
{
    [TorchFact]
    public void DivergenceIsSeen()
    {
        using Network module = Networks.Mlp();
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1e6 });
        var watch = new DivergenceWatch();
        LossTrend trend = LossTrend.Falling;
        for (int step = 0; step < 400 && trend != LossTrend.Exploded; step++)
        {
            trend = watch.Observe(Networks.Backward(module, step)).Trend;
            optimizer.Step();
        }

        trend.Should().Be(LossTrend.Exploded);
    }

    [TorchFact]
    public void StepsAreMeasured()
    {
        using Network module = Networks.Mlp();
        using var optimizer = new ModuleOptimizer(module, AdamW, new ModelOptimizerOptions { Name = "module of a test", Clip = new ClipByGlobalNorm { MaximumNorm = 1 } });
        long updates = 0;
        var norms = new List<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name is "optimizers.updates" or "optimizers.gradient_norm")
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => updates += IsOurs(tags) ? value : 0);
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) => norms.AddRange(IsOurs(tags) ? [value] : []));
        listener.Start();
        double norm = 0;
        for (int step = 0; step < 3; step++)
        {
            Networks.Backward(module, step);
            norm = optimizer.Step().GradientNorm;
        }

        updates.Should().Be(3);
        norms.Should().HaveCount(3).And.EndWith(norm);

        static bool IsOurs(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (Equals(tag.Value, "module of a test"))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
