namespace Optimizers.Tests;

/// <summary>A rate throws if its product with a decoupled decay is above 1, which would change the signs of parameters.</summary>
public sealed class DecoupledDecayTests
{
    private const int Length = 70;

    /// <summary>Every variant with a decay of the form p·(1 − ηλ), and the largest η of its first step.</summary>
    public static TheoryData<string, double> Variants()
    {
        var data = new TheoryData<string, double>();
        foreach (OptimizerVariant variant in Catalogue.Optimizers.SelectMany(row => row.Variants))
        {
            IOptimizerOptions options = variant.Options;
            double largest = options switch
            {
                AsgdOptions asgd => 1 / asgd.Lambda,
                ProdigyOptions prodigy when prodigy.DecoupledWeightDecay => 1 / prodigy.WeightDecay / prodigy.InitialD
                    / (prodigy.BiasCorrection ? Math.Sqrt(1 - prodigy.Beta2) / (1 - prodigy.Beta1) : 1),
                ScheduleFreeAdamWOptions free => Math.Max(1, free.WarmupSteps) / free.WeightDecay,
                _ when options.DecayForm == DecayForm.Decoupled => 1 / options.WeightDecay,
                _ => double.PositiveInfinity,
            };
            if (double.IsFinite(largest))
            {
                data.Add(variant.Name, largest);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void RateAboveTheInverseOfTheDecayThrows(string name, double largest)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] parameters = Draw.Floats(1, Length);
        float[] gradients = Draw.Floats(2, Length);
        float[] before = [.. parameters];
        IOptimizer optimizer = variant.Make(Length, variant.Options, 1);
        OptimizerSnapshot state = optimizer.State.Save();
        foreach (double factor in new[] { 1.001, 2, 10, 1e6 })
        {
            WeightDecayException refusal = optimizer.Invoking(o => o.Step(parameters, gradients, factor * largest))
                .Should().Throw<WeightDecayException>().WithParameterName("learningRate").Which;
            (refusal.LearningRate * refusal.WeightDecay).Should().BeApproximately(factor, 1e-6 * factor);
            refusal.Message.Should().Contain($"{refusal.LearningRate}").And.Contain($"{refusal.WeightDecay}").And.Contain("is above 1");
        }

        parameters.ShouldHaveTheBitsOf(before, "parameters");
        optimizer.State.Save().ShouldHaveTheBitsOf(state, "state");

        // Slightly below the inverse, because the inverse may have been rounded up.
        optimizer.Step(parameters, new float[Length], (1 - 1e-9) * largest);
        optimizer.State.Iteration.Should().Be(1);
        if (variant.Options is { DecayForm: DecayForm.Coupled, WeightDecay: > 0 })
        {
            return; // Asgd has both forms of decay, and the coupled decay has no limit.
        }

        parameters.Zip(before).Should().OnlyContain(
            pair => MathF.Abs(pair.First) < 1e-6f * MathF.Abs(pair.Second) || pair.First * pair.Second > 0, "a sign may change only by rounding");
    }

    [Fact]
    public void RateTimesDecayOfOneIsAccepted()
    {
        float[] parameters = [3, -4];
        new AdamW(2, new AdamWOptions { WeightDecay = 4 }).Step(parameters, (float[])[0, 0], 0.25);
        parameters.Should().Equal(0, 0);
    }

    [Fact]
    public void CoupledDecayHasNoLimit()
    {
        float[] parameters = [3, -4];
        new Sgd(2, new SgdOptions { WeightDecay = 4 }).Step(parameters, (float[])[0, 0], 0.5);
        parameters.Should().Equal(-3, 4);
    }

    [Fact]
    public void RateAboveTheInverseOfTheDecayThrowsForSparseRows()
    {
        float[] table = [1, 2, 3, 4];
        var optimizer = new Optimizer(4, new AdamWOptions { WeightDecay = 0.5 });
        optimizer.Invoking(o => o.Step(table, new RowGradients([1], [1, 1], 2), 2.5))
            .Should().Throw<WeightDecayException>().WithMessage("*2.5*0.5*1.25*");
        table.Should().Equal(1, 2, 3, 4);
        optimizer.State.Iteration.Should().Be(0);
    }

    /// <summary>The sources of the rate and the decay of a group; each gives 2.5 times 0.5.</summary>
    public static TheoryData<string> Sources() => ["options", "schedule", "group schedule", "rate factor", "group decay", "decay schedule"];

    [Theory]
    [MemberData(nameof(Sources))]
    public void ModelThrowsWhereverRateAndDecayComeFrom(string source)
    {
        using var set = new ParameterSet();
        Parameter weight = set.Add("weight", 2, 2);
        weight.Values.Fill(3);
        set.Add("bias", 2).Gradients.Fill(100);
        weight.Gradients.Fill(100);
        var options = new AdamWOptions { LearningRate = source is "options" or "group decay" or "decay schedule" ? 2.5 : 0.1, WeightDecay = 0.5 };
        var group = new ParameterGroup(source is "group decay" or "decay schedule" ? options with { WeightDecay = 0 } : options)
        {
            Name = "matrices",
            Where = p => p.Shape.Count == 2,
            Schedule = source == "group schedule" ? new Constant(2.5) : null,
            RateFactor = source == "rate factor" ? 25 : 1,
            WeightDecay = source == "group decay" ? 0.5 : null,
            WeightDecaySchedule = source == "decay schedule" ? new Constant(0.5) : null,
        };
        var rest = new ParameterGroup(new SgdOptions { WeightDecay = 100 });
        var optimizer = new ModelOptimizer(set, [group, rest], new ModelOptimizerOptions
        {
            Schedule = source == "schedule" ? new Constant(2.5) : null,
            Clip = new AdaptiveClip { Axis = 0 },
            ZeroGradients = true,
        });
        optimizer.Invoking(o => o.Step()).Should().Throw<WeightDecayException>()
            .WithParameterName("learningRate").WithMessage("*In group 0 (\"matrices\") the learning rate 2.5 times the weight decay 0.5 is 1.25,*");
        optimizer.UpdateCount.Should().Be(0);
        optimizer.StateOf("weight").Iteration.Should().Be(0);
        weight.Values.ToArray().Should().OnlyContain(x => x == 3);
        set.SelectMany(p => p.Gradients.ToArray()).Should().OnlyContain(g => g == 100);

        group.Frozen = true;
        optimizer.Step().Applied.Should().BeTrue("a group without gradients does not decay");
        group.Frozen = false;
        group.RateFactor /= 2;
        optimizer.Step().Applied.Should().BeTrue();
    }

    [Fact]
    public void RuleRefusesTheRateBeforeGradientsAreClipped()
    {
        using var set = new ParameterSet();
        Parameter weight = set.Add("weight", 2, 2);
        weight.Gradients.Fill(100);
        var optimizer = new ModelOptimizer(
            set, new AsgdOptions { LearningRate = 11, Lambda = 0.1 }, new ModelOptimizerOptions { Clip = new AdaptiveClip() });
        optimizer.Invoking(o => o.Step()).Should().Throw<WeightDecayException>().WithMessage("*11 times the Lambda 0.1 is 1.1,*");
        weight.Gradients.ToArray().Should().OnlyContain(g => g == 100);
        optimizer.UpdateCount.Should().Be(0);
    }

    [Fact]
    public void AsgdContinuesAfterARefusedStep()
    {
        float[] parameters = [1], gradients = [0];
        var optimizer = new Asgd(1, new AsgdOptions { Lambda = 0.1 });
        optimizer.Step(parameters, gradients, 1);
        optimizer.Invoking(o => o.Step(parameters, gradients, 11)).Should().Throw<WeightDecayException>();
        optimizer.Step(parameters, gradients, 1);
        optimizer.State.Iteration.Should().Be(2);
    }
}
