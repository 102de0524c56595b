namespace Optimizers.Tests;

/// <summary>Scalars of state: numbers in double that a rule keeps for a whole tensor.</summary>
public sealed class StateScalarTests
{
    private static readonly double[] _rates = [0.5, 0.25, 0.125, 2, 1];

    [Fact]
    public void ScalarsContinueFromStepToStep()
    {
        var optimizer = new Optimizer(1, new RememberingOptions());
        double sum = 0;
        foreach (double rate in _rates)
        {
            optimizer.Step((float[])[0], (float[])[1], rate);
            sum += rate;
            optimizer.State.Scalar("sum").Should().Be(sum);
        }

        optimizer.State.ScalarNames.Should().Equal("sum", "steps");
        optimizer.State.Scalar("steps").Should().Be(100 + _rates.Length);
        optimizer.State.Reset();
        optimizer.State.Scalar("sum").Should().Be(0);
        optimizer.State.Scalar("steps").Should().Be(100);
    }

    [Fact]
    public void ScalarsAreSavedLoadedAndCloned()
    {
        var optimizer = new Optimizer(2, new RememberingOptions());
        float[] parameters = [1, 2];
        optimizer.Step(parameters, (float[])[1, 1], 0.5);
        optimizer.Step(parameters, (float[])[1, 1], 0.25);
        OptimizerSnapshot snapshot = optimizer.State.Save();
        snapshot.Scalars.Should().Equal(new Dictionary<string, double> { ["sum"] = 0.75, ["steps"] = 102 });
        IOptimizer clone = optimizer.Clone();
        optimizer.Step(parameters, (float[])[1, 1], 8);
        clone.State.Save().ShouldHaveTheBitsOf(snapshot, "the clone");
        optimizer.State.Load(snapshot);
        optimizer.State.Save().ShouldHaveTheBitsOf(snapshot, "loaded");
    }

    [Fact]
    public void UnexpectedScalarThrowsAndChangesNothing()
    {
        var optimizer = new Optimizer(1, new RememberingOptions());
        optimizer.Step((float[])[0], (float[])[1], 0.5);
        OptimizerSnapshot before = optimizer.State.Save();
        foreach (Dictionary<string, double> scalars in (Dictionary<string, double>[])
                 [[], new() { ["sum"] = 1 }, new() { ["sum"] = 1, ["step"] = 2 }, new() { ["sum"] = 1, ["steps"] = 2, ["more"] = 3 }])
        {
            optimizer.State.Invoking(state => state.Load(before with { Iteration = 9, Scalars = scalars }))
                .Should().Throw<ArgumentException>().WithMessage("*scalars sum, steps*found*").WithParameterName("snapshot");
            optimizer.State.Save().ShouldHaveTheBitsOf(before, "state");
        }

        optimizer.State.Invoking(state => state.Scalar("mu"))
            .Should().Throw<ArgumentException>().WithMessage("*\"mu\"*\"sum\", \"steps\"*").WithParameterName("name");
        optimizer.State.Invoking(state => state.Load(before with { Scalars = null! })).Should().Throw<ArgumentNullException>();
        new Sgd(1).State.Invoking(state => state.Scalar("mu")).Should().Throw<ArgumentException>().WithMessage("*There are no scalars*");
    }

    [Fact]
    public void RefusedStepKeepsTheScalars()
    {
        var optimizer = new Optimizer(1, new RememberingOptions());
        optimizer.Step((float[])[0], (float[])[1], 0.5);
        optimizer.Invoking(o => o.Step((float[])[0], (float[])[1], RememberingOptions.RefusedRate))
            .Should().Throw<InvalidOperationException>();
        optimizer.State.Scalar("sum").Should().Be(0.5);
        optimizer.State.Scalar("steps").Should().Be(101);
        optimizer.Step((float[])[0], (float[])[1], 0.25);
        optimizer.State.Scalar("sum").Should().Be(0.75);
    }

    [Fact]
    public void EveryTensorOfAModelHasItsOwnScalars()
    {
        using var set = new ParameterSet();
        string[] names = ["always", "late", "rarely", "loaded", "alone"];
        set.AddRange([.. names.Select(name => (name, new[] { 3 }))]);
        var alone = new ParameterGroup(new RememberingOptions()) { Where = p => p.Name == "alone", RateFactor = 2 };
        double rate = 0;
        var optimizer = new ModelOptimizer(set, [alone, new(new RememberingOptions())], new()
        {
            Schedule = new Schedules.FunctionSchedule(_ => rate),
        });
        Dictionary<string, IOptimizer> expected =
            names.ToDictionary(name => name, IOptimizer (_) => new Optimizer(3, new RememberingOptions()));
        Dictionary<string, float[]> values = names.ToDictionary(name => name, _ => new float[3]);
        for (int step = 0; step < 20; step++)
        {
            rate = 1.0 / (step + 3);
            set["late"].HasGradient = step >= 4;
            set["rarely"].HasGradient = step % 5 == 2;
            alone.Frozen = step is > 7 and < 12;
            if (step == 14)
            {
                OptimizerSnapshot snapshot = optimizer.StateOf("rarely").Save();
                optimizer.StateOf("loaded").Load(snapshot);
                expected["loaded"].State.Load(snapshot);
            }

            foreach (Parameter parameter in set)
            {
                parameter.Gradients.Fill(step - 7);
                if (parameter.HasGradient && !(parameter.Name == "alone" && alone.Frozen))
                {
                    expected[parameter.Name].Step(
                        values[parameter.Name], parameter.Gradients, parameter.Name == "alone" ? 2 * rate : rate);
                }
            }

            if (step == 9)
            {
                double refused = rate;
                rate = RememberingOptions.RefusedRate;
                optimizer.Invoking(o => o.Step()).Should().Throw<InvalidOperationException>();
                rate = refused;
            }

            optimizer.Step();
            foreach (Parameter parameter in set)
            {
                parameter.Values.ToArray().ShouldHaveTheBitsOf(values[parameter.Name], $"{parameter.Name} in step {step}");
                optimizer.StateOf(parameter.Name).Save()
                    .ShouldHaveTheBitsOf(expected[parameter.Name].State.Save(), $"{parameter.Name} in step {step}");
            }
        }
    }

    [Fact]
    public void StepAllocatesNothing()
    {
        using var set = new ParameterSet();
        set.AddRange(("a", [70]), ("b", [3]), ("c", [5]));
        var optimizer = new ModelOptimizer(set, new RememberingOptions());
        set["a"].HasGradient = false;
        optimizer.Step();
        set["a"].HasGradient = true;
        Allocations.Of(() => optimizer.Step()).Should().Be(0);
    }

    [Fact]
    public void ScalarsWithoutUniqueNamesThrow()
    {
        foreach ((StateScalar[] scalars, string message) in new (StateScalar[], string)[]
                 { ([new("a"), new("a")], "*scalars*\"a\"*"), ([new("a"), new("")], "*scalars[1]*"), ([null!], "*scalars[0]*") })
        {
            FluentActions.Invoking(() => OptimizerDefinition.Elementwise((_, _) => default(SgdRule), scalars))
                .Should().Throw<ArgumentException>().WithMessage(message).WithParameterName("scalars");
        }

        FluentActions.Invoking(() => OptimizerDefinition.Elementwise((_, _) => default(SgdRule), null!))
            .Should().Throw<ArgumentNullException>().WithParameterName("scalars");
    }

    /// <summary>p ← p − (the sum of all rates so far)·g</summary>
    private sealed record RememberingOptions : IOptimizerOptions
    {
        public const double RefusedRate = 1e30;

        public double LearningRate => 0.5;

        public OptimizerDefinition Define() => OptimizerDefinition.Elementwise(
            (step, scalars) =>
            {
                scalars[0] += step.LearningRate;
                scalars[1]++;
                return step.LearningRate < RefusedRate
                    ? new SgdRule(scalars[0])
                    : throw new InvalidOperationException("Refused.");
            },
            [new StateScalar("sum"), new StateScalar("steps", 100)]);
    }
}
