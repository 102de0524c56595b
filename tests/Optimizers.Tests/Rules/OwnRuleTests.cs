namespace Optimizers.Tests.LevelThree;

/// <summary>A user's rule works with all widths, threads, groups and checkpoints, and has the bits of a plain loop.</summary>
public sealed class OwnRuleTests
{
    private const int Length = 30_011;
    private const int Steps = 4;

    private static readonly float[] _start = Draw.Floats(1, Length);
    private static readonly float[][] _gradients = [.. Draw.Gradients(2, Steps - 1, Length), new float[Length]];

    [Fact]
    public void EveryWidthAndThreadCountGivesTheBitsOfAPlainLoop()
    {
        var options = new OwnOptions();
        float[] expected = PlainLoop(options);
        foreach ((int threads, int width) in new[] { (1, 1), (1, 4), (2, 8), (3, 16) })
        {
            Outcome.Of(new Optimizer([Length], options, threads, width), _start, _gradients)
                .Parameters.ShouldHaveTheBitsOf(expected, $"{threads} threads in lanes of {width}");
        }
    }

    [Fact]
    public void OwnRuleWorksInAGroupBesideOthers()
    {
        using var set = new ParameterSet();
        Parameter own = set.Add("own", Length);
        Parameter other = set.Add("other", 5);
        _start.CopyTo(own.Values);
        var optimizer = new ModelOptimizer(
            set, [new ParameterGroup(new OwnOptions()) { Where = p => p.Name == "own" }, new ParameterGroup(new AdamWOptions())]);
        foreach (float[] gradients in _gradients)
        {
            gradients.CopyTo(own.Gradients);
            other.Gradients.Fill(1);
            optimizer.Step().Updated.Should().Be(2);
        }

        own.Values.ToArray().ShouldHaveTheBitsOf(PlainLoop(new OwnOptions()), "own");
        other.Values.ToArray().Should().OnlyContain(value => value < 0);
        optimizer.StateOf("own").SlotNames.Should().Equal("mean", "largest", "smallest", "previous");
    }

    [Fact]
    public void OwnStateIsInitialisedSavedAndLoaded()
    {
        var options = new OwnOptions { WeightDecay = 0.1 };
        var optimizer = new Optimizer(Length, options);
        optimizer.State["largest"].ToArray().Should().OnlyContain(value => value == 1e-3f);
        Outcome expected = Outcome.Of(new Optimizer(Length, options), _start, _gradients);
        Outcome first = Outcome.Of(optimizer, _start, _gradients[..2]);
        var second = new Optimizer(Length, options);
        second.State.Load(first.State);
        Outcome.Of(second, first.Parameters, _gradients[2..]).ShouldHaveTheBitsOf(expected, "continued");
        Outcome.Of(optimizer.Clone(), first.Parameters, _gradients[2..]).ShouldHaveTheBitsOf(expected, "cloned");
    }

    [Fact]
    public void InvalidOwnOptionsThrow()
    {
        FluentActions.Invoking(() => new Optimizer(1, new OwnOptions { Beta = 1 }))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Beta");
        FluentActions.Invoking(() => new ParameterGroup(new OwnOptions { WeightDecay = double.NaN }))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("WeightDecay");
        FluentActions.Invoking(() => new Optimizer(1, new OwnOptions { DecayForm = (DecayForm)7 }))
            .Should().Throw<ArgumentOutOfRangeException>().WithMessage("*DecayForm*7*");
    }

    [Fact]
    public void OptimizersMayShareADefinition()
    {
        var shared = new CachedOptions(new OwnOptions().Define());
        var first = new Optimizer(_start.Length, shared);
        var second = new Optimizer(_start.Length, shared);
        float[] alone = [.. _start];
        float[] together = [.. _start];
        var single = new Optimizer(_start.Length, new OwnOptions());
        for (int step = 0; step < Steps; step++)
        {
            first.Step(together, _gradients[step], 0.01);
            second.Step([.. _start], _gradients[0], 0.5);
            single.Step(alone, _gradients[step], 0.01);
        }

        together.ShouldHaveTheBitsOf(alone, "the optimizer with a shared definition");
    }

    [Fact]
    public void InvalidSlotsThrow()
    {
        var a = new StateSlot("a");
        var b = new StateSlot("b");
        var c = new StateSlot("c");
        foreach ((StateSlot[] slots, string message) in new (StateSlot[], string)[]
                 {
                     ([a, b, c], "*OwnRule has 4 state slots, but 3*"),
                     ([a, b, c, a], "*\"a\"*"),
                     ([a, b, c, new StateSlot("")], "*slots[3]*"),
                     ([a, null!, b, c], "*slots[1]*"),
                 })
        {
            FluentActions.Invoking(() => OptimizerDefinition.Elementwise(step => new OwnRule(step, 0.9), slots))
                .Should().Throw<ArgumentException>().WithMessage(message).WithParameterName("slots");
        }

        FluentActions.Invoking(() => OptimizerDefinition.Elementwise(step => new OwnRule(step, 0.9), null!))
            .Should().Throw<ArgumentNullException>().WithParameterName("slots");
        FluentActions.Invoking(() => OptimizerDefinition.Elementwise<OwnRule>(null!, a, b, c, new StateSlot("d")))
            .Should().Throw<ArgumentNullException>().WithParameterName("rule");
    }

    private static float[] PlainLoop(OwnOptions options)
    {
        float[] parameters = [.. _start];
        float[][] slots = [.. parameters.Select(_ => new[] { 0, 1e-3f, 1, 0 })];
        for (int step = 0; step < Steps; step++)
        {
            var rule = new OwnRule(new StepScalars(step + 1, options.LearningRate, 0), options.Beta);
            for (int i = 0; i < parameters.Length; i++)
            {
                rule.Apply(_gradients[step][i], ref parameters[i], slots[i]);
            }
        }

        return parameters;
    }

    private sealed record CachedOptions(OptimizerDefinition Definition) : IOptimizerOptions
    {
        public double LearningRate => 1;

        public DecayForm DecayForm => DecayForm.Decoupled;

        public OptimizerDefinition Define() => Definition;
    }
}
