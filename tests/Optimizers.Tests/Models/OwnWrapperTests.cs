namespace Optimizers.Tests;

/// <summary>A wrapper that uses public members only nests with the wrappers of the library.</summary>
public sealed class OwnWrapperTests
{
    private static readonly Dictionary<string, Func<IModelOptimizer, IModelOptimizer>> _others = new()
    {
        ["Lookahead"] = inner => new Lookahead(inner, new() { SynchronizationPeriod = 2 }),
        ["Sam"] = inner => new Sam(inner),
        ["GradientAccumulator"] = inner => new GradientAccumulator(inner, new() { MicroBatches = 2 }),
    };

    public static TheoryData<string> Others => [.. _others.Keys];

    [Theory]
    [MemberData(nameof(Others))]
    public void OwnWrapperWorksInsideAndOutsideLibraryWrappers(string name)
    {
        using ParameterSet plain = Set();
        using ParameterSet inside = Set();
        using ParameterSet outside = Set();
        long updates = Run(plain, _others[name]);
        updates.Should().BeGreaterThan(0);
        Run(inside, inner => _others[name](new Transparent(inner))).Should().Be(updates);
        Run(outside, inner => new Transparent(_others[name](inner))).Should().Be(updates);
        inside["p"].Values.ShouldHaveTheBitsOf(plain["p"].Values, "inside");
        outside["p"].Values.ShouldHaveTheBitsOf(plain["p"].Values, "outside");
    }

    [Fact]
    public void InnerModelIsFoundThroughOwnWrapper()
    {
        using ParameterSet set = Set();
        var model = new ModelOptimizer(set, new SgdOptions(), new() { LossScaler = new LossScaler(new() { InitialScale = 8 }), ZeroGradients = true });
        var accumulator = new GradientAccumulator(new Transparent(model), new() { MicroBatches = 2, AddsInPlace = true });
        accumulator.Step().LossScale.Should().Be(8);
        FluentActions.Invoking(() => new Sam(new Transparent(accumulator))).Should().Throw<ArgumentException>().WithMessage("*AddsInPlace*");
        new Transparent(accumulator).Flush().Outcome.Should().Be(StepOutcome.Applied);
    }

    private static long Run(ParameterSet set, Func<IModelOptimizer, IModelOptimizer> wrap)
    {
        IModelOptimizer optimizer = wrap(new ModelOptimizer(set, new AdamWOptions(), new() { LossScaler = new LossScaler(new() { InitialScale = 4 }) }));
        for (int step = 0; step < 5; step++)
        {
            Draw.Floats(step, 9, 4).CopyTo(set["p"].Gradients);
            if (AllOf(optimizer).OfType<Sam>().FirstOrDefault() is { } sam)
            {
                sam.Ascend();
                Draw.Floats(step + 100, 9, 4).CopyTo(set["p"].Gradients);
            }

            optimizer.Step();
        }

        optimizer.Flush();
        return optimizer.UpdateCount;
    }

    private static IEnumerable<IModelOptimizer> AllOf(IModelOptimizer optimizer)
    {
        for (IModelOptimizer? at = optimizer; at is not null; at = at.Inner)
        {
            yield return at;
        }
    }

    private static ParameterSet Set()
    {
        var set = new ParameterSet();
        Draw.Floats(1, 9).CopyTo(set.Add("p", 9).Values);
        return set;
    }

    private sealed class Transparent(IModelOptimizer inner) : IModelOptimizer
    {
        public ParameterSet Parameters => inner.Parameters;

        public long UpdateCount => inner.UpdateCount;

        public IReadOnlyList<ParameterGroup> Groups => inner.Groups;

        public IModelOptimizer? Inner => inner;

        public StepReport Step(LossScale lossScale = default) => inner.Step(lossScale);

        public StepReport Flush() => inner.Flush();
    }
}
