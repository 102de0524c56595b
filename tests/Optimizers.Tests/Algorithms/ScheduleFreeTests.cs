namespace Optimizers.Tests;

/// <summary>Training and evaluation points of schedule-free optimizers, for one buffer and for a model.</summary>
public sealed class ScheduleFreeTests
{
    private const int Length = 101;

    private static readonly float[] _start = Draw.Floats(1, Length);
    private static readonly float[][] _gradients = Draw.Gradients(2, 12, Length);

    public static TheoryData<string> Optimizers() => [nameof(ScheduleFreeSgd), nameof(ScheduleFreeAdamW)];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void EvaluationPointIsTheAverageOfTheSequence(string name)
    {
        (ScheduleFreeOptimizer optimizer, double beta) = Make(name);
        float[] parameters = [.. _start];
        double[] average = new double[Length];
        double sum = 0;
        for (int step = 1; step <= _gradients.Length; step++)
        {
            optimizer.Step(parameters, _gradients[step - 1]);
            sum++;
            ReadOnlySpan<float> z = optimizer.State["z"];
            for (int i = 0; i < Length; i++)
            {
                average[i] += (z[i] - average[i]) / sum;
                double y = ((1 - beta) * z[i]) + (beta * average[i]);
                ((double)parameters[i]).Should().BeApproximately(y, 1e-6);
            }
        }

        optimizer.Evaluate(parameters);
        parameters.Should().Equal(average, (x, expected) => Math.Abs(x - expected) < 2e-6);
        parameters.Should().NotEqual(_start);
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void EvaluateThenTrainRestoresTheParametersUpToRounding(string name)
    {
        (ScheduleFreeOptimizer optimizer, _) = Make(name);
        float[] training = Outcome.Of(optimizer, _start, _gradients).Parameters;
        float[] parameters = [.. training];
        OptimizerSnapshot state = optimizer.State.Save();
        optimizer.Evaluate(parameters);
        optimizer.IsEvaluating.Should().BeTrue();
        parameters.Should().NotEqual(training);
        float[] evaluation = [.. parameters];
        optimizer.Evaluate(parameters);
        parameters.ShouldHaveTheBitsOf(evaluation, "twice there");
        optimizer.Train(parameters);
        optimizer.IsEvaluating.Should().BeFalse();
        parameters.Should().Equal(training, (a, b) => Math.Abs(a - b) <= 4e-7f);
        float[] back = [.. parameters];
        optimizer.Train(parameters);
        parameters.ShouldHaveTheBitsOf(back, "twice back");
        optimizer.State.Save().ShouldHaveTheBitsOf(state, "state");
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void StepAtTheEvaluationPointThrows(string name)
    {
        (ScheduleFreeOptimizer optimizer, _) = Make(name);
        float[] parameters = Outcome.Of(optimizer, _start, _gradients).Parameters;
        optimizer.Evaluate(parameters);
        var before = new Outcome([.. parameters], optimizer.State.Save());
        optimizer.Invoking(o => o.Step(parameters, _gradients[0]))
            .Should().Throw<InvalidOperationException>().WithMessage("*evaluation point*Train*");
        IOptimizer clone = optimizer.Clone();
        clone.Invoking(o => o.Step(parameters, _gradients[0])).Should().Throw<InvalidOperationException>();
        ((ScheduleFreeOptimizer)clone).IsEvaluating.Should().BeTrue();
        new Outcome(parameters, optimizer.State.Save()).ShouldHaveTheBitsOf(before, "outcome");
        optimizer.Train(parameters);
        optimizer.Step(parameters, _gradients[0]);
        optimizer.State.Iteration.Should().Be(_gradients.Length + 1);
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void BothPointsAreEqualBeforeTheFirstStep(string name)
    {
        (ScheduleFreeOptimizer optimizer, _) = Make(name);
        float[] parameters = [.. _start];
        optimizer.Evaluate(parameters);
        optimizer.Train(parameters);
        parameters.ShouldHaveTheBitsOf(_start, "parameters");
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void RateOfZeroDoesNotUpdateTheAverage(string name)
    {
        (ScheduleFreeOptimizer optimizer, _) = Make(name);
        Outcome before = Outcome.Of(optimizer, _start, _gradients);
        float[] parameters = [.. before.Parameters];
        optimizer.Step(parameters, _gradients[0], 0);
        parameters.ShouldHaveTheBitsOf(before.Parameters, "parameters");
        optimizer.State.Save().Scalars.Should().Equal(before.State.Scalars);
        optimizer.State["z"].ShouldHaveTheBitsOf(before.State.Slots["z"].Span, "z");
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void ParametersOfWrongLengthThrow(string name)
    {
        (ScheduleFreeOptimizer optimizer, _) = Make(name);
        optimizer.Invoking(o => o.Evaluate(new float[3])).Should().Throw<ArgumentException>()
            .WithParameterName("parameters").WithMessage("*3*101*");
        optimizer.IsEvaluating.Should().BeFalse();
    }

    [Fact]
    public void ModelMovesAllScheduleFreeParameters()
    {
        using var set = new ParameterSet();
        set.AddRange(("a", [Length]), ("b", [Length]), ("frozen", [Length]), ("plain", [Length]));
        var frozen = new ParameterGroup(new ScheduleFreeSgdOptions { LearningRate = 0.1 }) { Where = p => p.Name == "frozen" };
        var optimizer = new ModelOptimizer(
            set,
            [
                frozen,
                new(new SgdOptions()) { Where = p => p.Name == "plain" },
                new(new ScheduleFreeAdamWOptions { LearningRate = 0.1 }),
            ]);
        set["b"].KeepBFloat16Copy();
        ScheduleFreeOptimizer alone = new ScheduleFreeAdamW(Length, new ScheduleFreeAdamWOptions { LearningRate = 0.1 });
        float[] values = [.. _start];
        foreach (Parameter parameter in set)
        {
            _start.CopyTo(parameter.Values);
        }

        foreach (float[] gradients in _gradients)
        {
            foreach (Parameter parameter in set)
            {
                gradients.CopyTo(parameter.Gradients);
            }

            optimizer.Step();
            alone.Step(values, gradients);
        }

        frozen.Frozen = true;
        float[] plain = set["plain"].Values.ToArray();
        float[] ofFrozen = set["frozen"].Values.ToArray();
        optimizer.Evaluate();
        alone.Evaluate(values);
        set["a"].Values.ToArray().ShouldHaveTheBitsOf(values, "evaluation point");
        set["b"].BFloat16Values.ToArray().Should().Equal(Array.ConvertAll(values, BFloat16.Round));
        set["plain"].Values.ToArray().ShouldHaveTheBitsOf(plain, "plain");
        set["frozen"].Values.ToArray().Should().NotEqual(ofFrozen);
        optimizer.Invoking(o => o.Step()).Should().Throw<InvalidOperationException>().WithMessage("*evaluation point*");
        optimizer.UpdateCount.Should().Be(_gradients.Length);
        set["plain"].Values.ToArray().ShouldHaveTheBitsOf(plain, "plain");

        optimizer.Train();
        alone.Train(values);
        optimizer.Step().Updated.Should().Be(3);
        alone.Step(values, _gradients[^1]);
        set["a"].Values.ToArray().ShouldHaveTheBitsOf(values, "after more steps");
        set["frozen"].Values.ToArray().Should().Equal(ofFrozen, (a, b) => Math.Abs(a - b) <= 4e-7f);
    }

    private static (ScheduleFreeOptimizer Optimizer, double Beta) Make(string name) => name == nameof(ScheduleFreeSgd)
        ? (new ScheduleFreeSgd(Length, new ScheduleFreeSgdOptions { LearningRate = 0.1, Momentum = 0.75 }), 0.75)
        : (new ScheduleFreeAdamW(Length, new ScheduleFreeAdamWOptions { LearningRate = 0.1 }), 0.9);
}
