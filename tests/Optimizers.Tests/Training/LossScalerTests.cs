namespace Optimizers.Tests;

public sealed class LossScalerTests
{
    [Fact]
    public void ScaleGrowsAfterGoodSteps()
    {
        var scaler = new LossScaler(new() { GrowthInterval = 3 });
        double[] scales = [.. Enumerable.Range(0, 7).Select(_ =>
        {
            scaler.Update(StepOutcome.Applied);
            return scaler.Scale;
        })];
        scales.Should().Equal(65_536, 65_536, 131_072, 131_072, 131_072, 262_144, 262_144);
    }

    [Fact]
    public void OverflowHalvesTheScaleAndRestartsTheCount()
    {
        var scaler = new LossScaler(new() { GrowthInterval = 2 });
        scaler.Update(StepOutcome.Applied);
        scaler.Update(StepOutcome.Skipped);
        scaler.Scale.Should().Be(32_768);
        scaler.Update(StepOutcome.Applied);
        scaler.Scale.Should().Be(32_768);
        scaler.Update(StepOutcome.Applied);
        scaler.Scale.Should().Be(65_536);
    }

    [Theory]
    [InlineData(StepOutcome.Accumulated)]
    [InlineData(StepOutcome.NothingToUpdate)]
    public void StepsWithoutUpdateDoNotCount(StepOutcome outcome)
    {
        var scaler = new LossScaler(new() { GrowthInterval = 1 });
        scaler.Update(outcome);
        scaler.Scale.Should().Be(65_536);
    }

    [Fact]
    public void HysteresisIgnoresOverflowsUntilTheScaleGrows()
    {
        var scaler = new LossScaler(new() { InitialScale = 16, Hysteresis = 2, GrowthInterval = 2 });
        scaler.Update(StepOutcome.Skipped);
        scaler.Scale.Should().Be(16, "the first overflow is ignored");
        scaler.Update(StepOutcome.Applied);
        scaler.Update(StepOutcome.Skipped);
        scaler.Scale.Should().Be(8, "a good step in between does not reset the hysteresis");
        scaler.Update(StepOutcome.Skipped);
        scaler.Scale.Should().Be(4);
        scaler.Update(StepOutcome.Applied);
        scaler.Update(StepOutcome.Applied);
        scaler.Scale.Should().Be(8);
        scaler.Update(StepOutcome.Skipped);
        scaler.Scale.Should().Be(8, "the growth of the scale restarts the hysteresis");
    }

    [Fact]
    public void ScaleStaysBetweenMinimumAndMaximum()
    {
        var low = new LossScaler(new() { InitialScale = 3, MinimumScale = 1 });
        low.Update(StepOutcome.Skipped);
        low.Update(StepOutcome.Skipped);
        low.Scale.Should().Be(1);
        var high = new LossScaler(new() { InitialScale = 1e37, GrowthInterval = 1, GrowthFactor = 1e3 });
        high.Update(StepOutcome.Applied);
        high.Scale.Should().Be(1e37, "the inverse of a larger scale would be denormal");
    }

    [Theory]
    [InlineData(NonFinitePolicy.Throw)]
    [InlineData(NonFinitePolicy.Skip)]
    [InlineData(NonFinitePolicy.Propagate)]
    public void ModelUnscalesGradientsAndLowersTheScaleAfterAnOverflow(NonFinitePolicy policy)
    {
        float[] expected = Run(new SgdOptions(), scaler: null, policy);
        var scaler = new LossScaler(new() { InitialScale = 1024, GrowthInterval = 2 });
        Run(new SgdOptions(), scaler, policy).ShouldHaveTheBitsOf(expected, "values");
        scaler.Scale.Should().Be(1024, "the scale grew once and fell once");
    }

    [Fact]
    public void PolicyAppliesToOverflowsAtTheMinimumScale()
    {
        foreach (NonFinitePolicy policy in Enum.GetValues<NonFinitePolicy>())
        {
            using var set = new ParameterSet();
            set.Add("p", 3).Gradients.Fill(float.NaN);
            var model = new ModelOptimizer(set, new SgdOptions(), new()
            {
                LossScaler = new LossScaler(new() { InitialScale = 2 }),
                NonFinite = policy,
            });
            model.Step().Outcome.Should().Be(StepOutcome.Skipped, "a smaller scale could help");
            if (policy == NonFinitePolicy.Throw)
            {
                model.Invoking(m => m.Step()).Should().Throw<NonFiniteGradientException>();
            }
            else
            {
                model.Step().Outcome.Should().Be(StepOutcome.Skipped);
            }
        }
    }

    [Theory]
    [InlineData(1, true, 1, 126)]
    [InlineData(2, true, 1, 125)]
    [InlineData(3, true, 1, 124)]
    [InlineData(64, true, 1, 120)]
    [InlineData(64, false, 1, 126)]
    [InlineData(1, true, 1024, 116)]
    [InlineData(4, true, 1024, 114)]
    [InlineData(4, true, 0.25, 126)]
    [InlineData(1, true, 0.25, 126)]
    public void ScaleStopsGrowingBeforeUnscalingFails(int microBatches, bool mean, double beside, int exponent)
    {
        using var set = new ParameterSet();
        Parameter weight = set.Add("w", 3);
        var scaler = new LossScaler(new() { GrowthInterval = 1 });
        var accumulator = new GradientAccumulator(
            new Lookahead(new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { LossScaler = scaler })),
            new() { MicroBatches = microBatches, Mean = mean });
        for (int update = 0; update < 130; update++)
        {
            for (int batch = 0; batch < microBatches; batch++)
            {
                double scale = scaler.Scale * beside;
                weight.Gradients.Fill((float)(1e-6 * scale));
                accumulator.Step(new LossScale(beside)).LossScale.Should().Be(scale);
            }
        }

        accumulator.UpdateCount.Should().Be(130, "no step was skipped");
        scaler.Scale.Should().Be(Math.ScaleB(1, exponent));
    }

    [Fact]
    public void ScaleTooLargeForMoreMicroBatchesFalls()
    {
        using var set = new ParameterSet();
        Parameter weight = set.Add("w", 3);
        var scaler = new LossScaler(new() { InitialScale = Math.ScaleB(1, 126) });
        var accumulator = new GradientAccumulator(
            new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { LossScaler = scaler }), new() { MicroBatches = 4 });
        StepOutcome[] outcomes = [.. Enumerable.Range(0, 12).Select(_ =>
        {
            weight.Gradients.Fill((float)(0.1 * scaler.Scale));
            return accumulator.Step().Outcome;
        })];
        outcomes.Where(outcome => outcome != StepOutcome.Accumulated).Should()
            .Equal(StepOutcome.Skipped, StepOutcome.Skipped, StepOutcome.Applied);
        scaler.Scale.Should().Be(Math.ScaleB(1, 124));
        weight.Values.ToArray().Should().Equal(-0.1f, -0.1f, -0.1f);
    }

    [Theory]
    [InlineData(NonFinitePolicy.Throw, 1)]
    [InlineData(NonFinitePolicy.Propagate, 1)]
    [InlineData(NonFinitePolicy.Skip, 2)]
    public void LossScaleThatCannotFallThrows(NonFinitePolicy policy, int skipsAtMost)
    {
        using var set = new ParameterSet();
        Parameter weight = set.Add("w", 3);
        weight.Gradients.Fill(1);
        var model = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { NonFinite = policy, MaximumConsecutiveSkips = 2 });
        var scale = new LossScale(Math.ScaleB(1, 126)) { MicroBatches = 2 };
        for (int skip = 0; policy == NonFinitePolicy.Skip && skip < skipsAtMost; skip++)
        {
            model.Step(scale).Outcome.Should().Be(StepOutcome.Skipped);
        }

        model.Invoking(m => m.Step(scale)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("lossScale")
            .WithMessage("Gradients cannot be divided by 1.7*E+38: the loss scale of the step is 8.5*E+37, that of the LossScaler 1,*2 micro-batches*");
        weight.Values.ToArray().Should().OnlyContain(value => value == 0);
        model.Step(new LossScale(2)).Applied.Should().BeTrue();
        new LossScaler(new() { InitialScale = 1e-20, MinimumScale = 1e-20 }).Invoking(s => new ModelOptimizer(set, new SgdOptions(), new() { LossScaler = s })
            .Step(new LossScale(1e-20))).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("lossScale", "a smaller scale would not help");
    }

    [Fact]
    public void ScalerOfAnotherOptimizerThrows()
    {
        using var first = new ParameterSet();
        using var second = new ParameterSet();
        first.Add("w", 1).Gradients[0] = float.PositiveInfinity;
        second.Add("w", 1).Gradients[0] = 2048;
        var scaler = new LossScaler(new() { InitialScale = 2048 });
        FluentActions.Invoking(() => new ModelOptimizer(first, [], Options())).Should().Throw<ArgumentException>();
        _ = new ModelOptimizer(second, new SgdOptions(), Options());
        var one = new ModelOptimizer(first, new SgdOptions { LearningRate = 1 }, Options());
        var other = new Lookahead(new ModelOptimizer(second, new SgdOptions { LearningRate = 1 }, Options()));
        one.Step().Outcome.Should().Be(StepOutcome.Skipped, "an optimizer that was made but took no step does not own the scaler");
        other.Invoking(o => o.Step()).Should().Throw<InvalidOperationException>()
            .WithMessage("*LossScaler*belongs to another model optimizer*InitialScale = 1024*NonFinitePolicy.Skip*new LossScale(scaler.Scale)*scaler.Update*");
        second["w"].Values[0].Should().Be(0);
        second["w"].Gradients[0].Should().Be(2048);
        other.UpdateCount.Should().Be(0);
        scaler.Scale.Should().Be(1024);
        one.Step().Outcome.Should().Be(StepOutcome.Skipped, "the owner continues");

        ModelOptimizerOptions Options() => new() { LossScaler = scaler, ZeroGradients = false };
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TwoOptimizersCanShareAScalerByHand(bool firstOverflows)
    {
        using var first = new ParameterSet();
        using var second = new ParameterSet();
        var scaler = new LossScaler(new() { InitialScale = 2048, GrowthInterval = 2 });
        ModelOptimizer[] models = [.. new[] { first, second }.Select(set =>
        {
            set.Add("w", 1);
            return new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { NonFinite = NonFinitePolicy.Skip });
        })];
        double[] scales = [.. Enumerable.Range(0, 6).Select(round =>
        {
            var scale = new LossScale(scaler.Scale);
            foreach (ParameterSet set in new[] { first, second })
            {
                bool overflows = scale.Factor > 1024 && (set == first) == firstOverflows;
                set["w"].Gradients[0] = overflows ? float.PositiveInfinity : (float)scale.Factor;
            }

            scaler.Update(models[0].Step(scale).Outcome, models[1].Step(scale).Outcome);
            return scale.Factor;
        })];
        scales.Should().Equal(2048, 1024, 1024, 2048, 1024, 1024);
        (firstOverflows ? first : second)["w"].Values[0].Should().Be(-4);
        (firstOverflows ? second : first)["w"].Values[0].Should().Be(-6);
    }

    [Fact]
    public void UpdateTreatsSeveralOutcomesAsOneStep()
    {
        var scaler = new LossScaler(new() { InitialScale = 1024, GrowthInterval = 1, Hysteresis = 1 });
        scaler.Update(StepOutcome.Applied, StepOutcome.Applied);
        scaler.Scale.Should().Be(2048);
        scaler.Update(StepOutcome.Accumulated, StepOutcome.NothingToUpdate);
        scaler.Update();
        scaler.Scale.Should().Be(2048);
        scaler.Update(StepOutcome.Accumulated, StepOutcome.Applied);
        scaler.Scale.Should().Be(4096);
        scaler.Update(StepOutcome.Applied, StepOutcome.Skipped, StepOutcome.Skipped);
        scaler.Scale.Should().Be(2048);
    }

    public static TheoryData<LossScalerOptions, string> Refused => new()
    {
        { new() { InitialScale = 0 }, "InitialScale" },
        { new() { InitialScale = double.NaN }, "InitialScale" },
        { new() { InitialScale = 0.5 }, "InitialScale" },
        { new() { MinimumScale = -1 }, "MinimumScale" },
        { new() { GrowthFactor = 1 }, "GrowthFactor" },
        { new() { GrowthFactor = double.NaN }, "GrowthFactor" },
        { new() { GrowthFactor = double.PositiveInfinity }, "GrowthFactor" },
        { new() { BackoffFactor = 1 }, "BackoffFactor" },
        { new() { BackoffFactor = 0 }, "BackoffFactor" },
        { new() { BackoffFactor = double.NaN }, "BackoffFactor" },
        { new() { GrowthInterval = 0 }, "GrowthInterval" },
        { new() { Hysteresis = 0 }, "Hysteresis" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void InvalidOptionsThrow(LossScalerOptions options, string name) =>
        FluentActions.Invoking(() => new LossScaler(options)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName(name);

    // Gradients in half precision: with a scaler, values above 65,504 become infinite.
    private static float[] Run(SgdOptions options, LossScaler? scaler, NonFinitePolicy policy)
    {
        using var set = new ParameterSet();
        Parameter parameter = set.Add("p", 300);
        var model = new ModelOptimizer(set, options, new() { LossScaler = scaler, NonFinite = policy });
        for (int step = 0; step < 3; step++)
        {
            float[] gradients = [.. Draw.Floats(step, 300).Select(g => (float)(Half)g)];
            gradients[0] = step == 2 ? 40 : 1;
            StepReport report;
            do
            {
                for (int i = 0; i < 300; i++)
                {
                    parameter.Gradients[i] = (float)(Half)(gradients[i] * (scaler?.Scale ?? 1));
                }

                report = model.Step();
            }
            while (report.Outcome == StepOutcome.Skipped);
        }

        return parameter.Values.ToArray();
    }
}
