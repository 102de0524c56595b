namespace Optimizers.Tests;

public sealed class LossScalerTests
{
    [Fact]
    public void TheScaleGrowsAfterGoodSteps()
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
    public void AnOverflowHalvesItAndStartsTheCountAnew()
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
    public void StepsThatSawNoUpdateDoNotCount(StepOutcome outcome)
    {
        var scaler = new LossScaler(new() { GrowthInterval = 1 });
        scaler.Update(outcome);
        scaler.Scale.Should().Be(65_536);
    }

    [Fact]
    public void HysteresisForgivesUntilTheScaleGrows()
    {
        var scaler = new LossScaler(new() { InitialScale = 16, Hysteresis = 2, GrowthInterval = 2 });
        scaler.Update(StepOutcome.Skipped);
        scaler.Scale.Should().Be(16, "the first is forgiven");
        scaler.Update(StepOutcome.Applied);
        scaler.Update(StepOutcome.Skipped);
        scaler.Scale.Should().Be(8, "a good step between does not forgive again");
        scaler.Update(StepOutcome.Skipped);
        scaler.Scale.Should().Be(4);
        scaler.Update(StepOutcome.Applied);
        scaler.Update(StepOutcome.Applied);
        scaler.Scale.Should().Be(8);
        scaler.Update(StepOutcome.Skipped);
        scaler.Scale.Should().Be(8, "it has grown since");
    }

    [Fact]
    public void TheScaleStaysAboveItsFloorAndBelowTheLargest()
    {
        var low = new LossScaler(new() { InitialScale = 3, MinimumScale = 1 });
        low.Update(StepOutcome.Skipped);
        low.Update(StepOutcome.Skipped);
        low.Scale.Should().Be(1);
        var high = new LossScaler(new() { InitialScale = 1e37, GrowthInterval = 1, GrowthFactor = 1e3 });
        high.Update(StepOutcome.Applied);
        high.Scale.Should().Be(1e37, "the inverse of a larger one would be no normal number");
    }

    [Theory]
    [InlineData(NonFinitePolicy.Throw)]
    [InlineData(NonFinitePolicy.Skip)]
    [InlineData(NonFinitePolicy.Propagate)]
    public void AModelUnscalesSkipsOverflowsAndBacksOff(NonFinitePolicy policy)
    {
        float[] expected = Run(new SgdOptions(), scaler: null, policy);
        var scaler = new LossScaler(new() { InitialScale = 1024, GrowthInterval = 2 });
        Run(new SgdOptions(), scaler, policy).ShouldHaveTheBitsOf(expected, "values");
        scaler.Scale.Should().Be(1024, "it grew once and fell once");
    }

    [Fact]
    public void AtTheFloorThePolicyDecides()
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
    public void OptionsAreChecked(LossScalerOptions options, string name) =>
        FluentActions.Invoking(() => new LossScaler(options)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName(name);

    // Gradients as they come out of half precision: with a scaler, beyond 65,504 they are infinite.
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
