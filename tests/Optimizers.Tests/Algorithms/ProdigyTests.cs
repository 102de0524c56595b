namespace Optimizers.Tests;

/// <summary>All tensors of a group share one distance.</summary>
public sealed class ProdigyTests
{
    private static readonly ProdigyOptions _options = new() { InitialD = 1e-3, BiasCorrection = true };

    [Fact]
    public void EachGroupHasItsOwnDistance()
    {
        using ParameterSet set = Set(("a", 3), ("b", 5), ("other", 4));
        var other = new ParameterGroup(_options) { Where = p => p.Name == "other" };
        var optimizer = new ModelOptimizer(set, [other, new ParameterGroup(_options)]);
        Run(set, optimizer, 0, 12);
        D(optimizer, "a").Should().BeGreaterThan(_options.InitialD).And.Be(D(optimizer, "b")).And.NotBe(D(optimizer, "other"));
    }

    [Fact]
    public void ParametersThatPauseOrJoinLateUseTheDistanceOfTheGroup()
    {
        using ParameterSet set = Set(("a", 3), ("b", 5));
        var optimizer = new ModelOptimizer(set, _options);
        set["a"].HasGradient = false;
        Run(set, optimizer, 0, 6);
        D(optimizer, "a").Should().BeGreaterThan(_options.InitialD).And.Be(D(optimizer, "b"));
        set["a"].HasGradient = true;
        set["b"].HasGradient = false;
        Draw.Floats(9, 4).CopyTo(set.Add("late", 4).Values);
        Run(set, optimizer, 6, 9);
        new[] { "a", "b", "late" }.Select(name => D(optimizer, name)).Distinct().Should().ContainSingle();
        new[] { "a", "b", "late" }.Select(name => optimizer.StateOf(name).Scalar("k")).Should().OnlyContain(k => k == 9);
        new[] { "a", "b", "late" }.Select(name => optimizer.StateOf(name).Iteration).Should().Equal(3, 6, 3);
    }

    [Fact]
    public void StateLoadedIntoAPausedParameterAppliesToTheGroup()
    {
        using ParameterSet set = Set(("a", 3), ("b", 5));
        var optimizer = new ModelOptimizer(set, _options);
        Run(set, optimizer, 0, 3);
        set["a"].HasGradient = false;
        Run(set, optimizer, 3, 6);
        OptimizerSnapshot snapshot = optimizer.StateOf("a").Save();
        optimizer.StateOf("a").Load(snapshot with { Scalars = snapshot.Scalars.ToDictionary(s => s.Key, s => s.Key == "k" ? s.Value : 7) });
        Run(set, optimizer, 6, 7);
        D(optimizer, "b").Should().BeGreaterThanOrEqualTo(7);
    }

    [Fact]
    public void ZeroGradientsChangeNothing()
    {
        var optimizer = new Prodigy(3, _options with { WeightDecay = 0.1 });
        float[] parameters = [1, 2, 3];
        optimizer.Step(parameters, new float[3]);
        parameters.Should().Equal(1, 2, 3);
        optimizer.State.Scalar("k").Should().Be(0);
        optimizer.Step(parameters, (float[])[1, 0, 0]);
        optimizer.State.Scalar("k").Should().Be(1);
    }

    private static double D(ModelOptimizer optimizer, string name) => optimizer.StateOf(name).Scalar("d");

    private static ParameterSet Set(params (string Name, int Length)[] parameters)
    {
        var set = new ParameterSet();
        set.AddRange([.. parameters.Select(p => (p.Name, new[] { p.Length }))]);
        foreach (Parameter parameter in set)
        {
            Draw.Floats(parameter.Name.Length, parameter.Length).CopyTo(parameter.Values);
        }

        return set;
    }

    // The gradient points towards 1, so the parameters leave their start.
    private static void Run(ParameterSet set, ModelOptimizer optimizer, int from, int to)
    {
        for (int step = from; step < to; step++)
        {
            foreach (Parameter parameter in set)
            {
                for (int i = 0; i < parameter.Length; i++)
                {
                    parameter.Gradients[i] = parameter.Values[i] - 1;
                }
            }

            optimizer.Step();
        }
    }
}
