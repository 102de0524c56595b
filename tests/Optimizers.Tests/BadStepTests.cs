using System.Runtime.InteropServices;

namespace Optimizers.Tests;

/// <summary>An invalid step throws before anything has changed.</summary>
public sealed class BadStepTests
{
    private const int Length = 33;

    private static readonly (string Argument, string Message, Action<IOptimizer, float[], float[]> Step)[] _refusals =
    [
        ("parameters", "*32 parameters*33*", (o, p, g) => o.Step(p.AsSpan(1), g, 1)),
        ("parameters", "*0 parameters*33*", (o, _, g) => o.Step([], g, 1)),
        ("parameters", "*34 parameters*33*", (o, p, g) => o.Step([.. p, 0], g, 1)),
        ("gradients", "*32 gradients*33*", (o, p, g) => o.Step(p, g.AsSpan(1), 1)),
        ("gradients", "*0 gradients*33*", (o, p, _) => o.Step(p, null, 1)),
        ("gradients", "*34 gradients*33*", (o, p, g) => o.Step(p, [.. g, 0], 1)),
        ("learningRate", "*-1*", (o, p, g) => o.Step(p, g, -1)),
        ("learningRate", "*NaN*", (o, p, g) => o.Step(p, g, BadNumbers.NotFiniteOrNegative[0])),
        ("learningRate", "*NaN*", (o, p, g) => o.Step(p, g, BadNumbers.NotFiniteOrNegative[1])),
        ("learningRate", "*Infinity*", (o, p, g) => o.Step(p, g, double.PositiveInfinity)),
        ("learningRate", "*-Infinity*", (o, p, g) => o.Step(p, g, double.NegativeInfinity)),
        ("learningRate", "*1E+39*", (o, p, g) => o.Step(p, g, 1e39)),
        ("gradients", "*overlap the parameters*", (o, p, _) => o.Step(p, p, 1)),
    ];

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void InvalidArgumentThrowsAndChangesNothing(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizer optimizer = variant.Make(Length, variant.Options, 1);
        float[] gradients = Draw.Floats(2, Length);
        float[] parameters = Outcome.Of(optimizer, Draw.Floats(1, Length), [gradients]).Parameters;
        var before = new Outcome([.. parameters], optimizer.State.Save());
        foreach ((string argument, string message, Action<IOptimizer, float[], float[]> step) in _refusals)
        {
            optimizer.Invoking(o => step(o, parameters, gradients))
                .Should().Throw<ArgumentException>().WithParameterName(argument).WithMessage(message);
            new Outcome(parameters, optimizer.State.Save()).ShouldHaveTheBitsOf(before, message);
        }

        gradients.ShouldHaveTheBitsOf(Draw.Floats(2, Length), "gradients");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Length - 1)]
    [InlineData(-1)]
    [InlineData(1 - Length)]
    public void GradientsOverlappingParametersThrow(int distance)
    {
        float[] memory = Draw.Floats(1, 3 * Length);
        float[] before = [.. memory];
        var optimizer = new Adam(Length);
        optimizer.Invoking(o => o.Step(memory.AsSpan(Length, Length), memory.AsSpan(Length + distance, Length)))
            .Should().Throw<ArgumentException>().WithParameterName("gradients");
        memory.ShouldHaveTheBitsOf(before, "memory");
        optimizer.State.Iteration.Should().Be(0);
    }

    [Theory]
    [InlineData(Length)]
    [InlineData(-Length)]
    public void GradientsAdjacentToParametersAreAccepted(int distance)
    {
        float[] memory = Draw.Floats(1, 3 * Length);
        new Adam(Length).Step(memory.AsSpan(Length, Length), memory.AsSpan(Length + distance, Length));
    }

    [Fact]
    public void StateMemoryAsArgumentThrows()
    {
        var optimizer = new Adam(Length);
        Outcome before = Outcome.Of(optimizer, Draw.Floats(1, Length), [Draw.Floats(2, Length)]);
        optimizer.Invoking(o => o.Step(new float[Length], o.State["exp_avg"]))
            .Should().Throw<ArgumentException>().WithParameterName("gradients").WithMessage("*state*");
        optimizer.Invoking(o => o.Step(Writable(o.State["exp_avg_sq"]), new float[Length]))
            .Should().Throw<ArgumentException>().WithParameterName("parameters").WithMessage("*state*");
        optimizer.State.Save().ShouldHaveTheBitsOf(before.State, "state");

        static Span<float> Writable(ReadOnlySpan<float> slot) =>
            MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(slot), slot.Length);
    }

    [Fact]
    public void IterationAtTheMaximumThrows()
    {
        var optimizer = new Sgd(1);
        optimizer.State.Load(new OptimizerSnapshot(long.MaxValue, new Dictionary<string, ReadOnlyMemory<float>>()));
        float[] parameters = [1];
        optimizer.Invoking(o => o.Step(parameters, (float[])[1])).Should().Throw<OverflowException>();
        parameters.Should().Equal(1);
        optimizer.State.Iteration.Should().Be(long.MaxValue);
    }

    [Fact]
    public void EmptyParametersCanBeStepped()
    {
        var optimizer = new Lamb(0);
        optimizer.Step([], []);
        optimizer.State.Iteration.Should().Be(1);
    }
}
