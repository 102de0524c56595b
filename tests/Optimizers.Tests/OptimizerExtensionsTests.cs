using System.Numerics.Tensors;

namespace Optimizers.Tests;

/// <summary>The same call compiles without a cast for every type of buffer, and gives the same result.</summary>
public sealed class OptimizerExtensionsTests
{
    private static readonly float[] _start = Draw.Floats(1, 12);
    private static readonly float[] _gradients = Draw.Floats(2, 12);
    private static readonly float[] _expected = Outcome.Of(new AdamW(12), _start, [_gradients]).Parameters;

    [Fact]
    public void StepAcceptsArrays()
    {
        Check((optimizer, p, g) => optimizer.Step(p, g));
        Check((optimizer, p, g) => optimizer.Step(p, g, 1e-3));
    }

    [Fact]
    public void StepAcceptsSpans()
    {
        Check((optimizer, p, g) => optimizer.Step(p.AsSpan(), g.AsSpan()));
        Check((optimizer, p, g) => optimizer.Step(p.AsSpan(), (ReadOnlySpan<float>)g));
        Check((optimizer, p, g) => optimizer.Step(p.AsSpan(), (ReadOnlySpan<float>)g, 1e-3));
        Check((optimizer, p, g) => optimizer.Step(p, g.AsSpan()));
        Check((optimizer, p, g) => optimizer.Step(p.AsSpan(), g, 1e-3));
    }

    [Fact]
    public void StepAcceptsMemory()
    {
        Check((optimizer, p, g) => optimizer.Step(p.AsMemory().Span, g.AsMemory().Span));
        Check((optimizer, p, g) => optimizer.Step(p.AsMemory().Span, ((ReadOnlyMemory<float>)g).Span, 1e-3));
    }

    [Fact]
    public void StepAcceptsTensors()
    {
        Check((optimizer, p, g) => optimizer.Step(Tensor.Create(p, [3, 4]), Tensor.Create(g, [3, 4])));
        Check((optimizer, p, g) => optimizer.Step(Tensor.Create(p, [3, 4]), Tensor.Create(g, [3, 4]), 1e-3));
    }

    [Fact]
    public void StepAcceptsTensorSpans()
    {
        Check((optimizer, p, g) => optimizer.Step(p.AsTensorSpan([3, 4]), g.AsTensorSpan([3, 4])));
        Check((optimizer, p, g) => optimizer.Step(p.AsTensorSpan([3, 4]), g.AsReadOnlyTensorSpan([3, 4]), 1e-3));
        Check((optimizer, p, g) => optimizer.Step(Tensor.Create(p, [3, 4]).AsTensorSpan(), g.AsTensorSpan([3, 4]), 1e-3));
    }

    [Fact]
    public void StepAcceptsEmptyTensors()
    {
        var optimizer = new AdamW(0);
        optimizer.Step(Tensor.CreateFromShape<float>([0, 4]), Tensor.CreateFromShape<float>([0, 4]));
        optimizer.State.Iteration.Should().Be(1);
    }

    [Fact]
    public void StridedTensorThrows()
    {
        var optimizer = new AdamW(6);
        float[] memory = [.. _start];
        float[] dense = new float[6];
        Refused(() => optimizer.Step(Columns(memory), dense.AsTensorSpan([3, 2])), "parameters", "*[3, 2]*strided*");
        Refused(() => optimizer.Step(dense.AsTensorSpan([3, 2]), Columns(memory), 1e-3), "gradients", "*[3, 2]*strided*");
        optimizer.State.Iteration.Should().Be(0);
        memory.ShouldHaveTheBitsOf(_start, "the strided tensor");
        dense.ShouldHaveTheBitsOf(new float[6], "the dense tensor");

        static TensorSpan<float> Columns(float[] memory) => memory.AsTensorSpan([3, 4]).Slice(.., 1..3);
    }

    [Fact]
    public void DenseRowsOfATensorAreAccepted()
    {
        float[] memory = [.. _start];
        new AdamW(8).Step(memory.AsTensorSpan([3, 4]).Slice(1..3, ..), _gradients.AsTensorSpan([3, 4]).Slice(1..3, ..));
        memory[..4].ShouldHaveTheBitsOf(_start[..4], "the row outside the slice");
        memory[4..].ShouldHaveTheBitsOf(_expected[4..], "the rows");
    }

    [Fact]
    public void TensorsOfDifferentShapesThrow()
    {
        var optimizer = new AdamW(12);
        Refused(
            () => optimizer.Step(Tensor.Create([.. _start], [3, 4]), Tensor.Create(_gradients, [4, 3]), 1e-3),
            "gradients",
            "*[3, 4]*[4, 3]*");
        optimizer.State.Iteration.Should().Be(0);
    }

    [Fact]
    public void NullOptimizerThrows()
    {
        IOptimizer none = null!;
        Refused(() => none.Step(_start.AsTensorSpan(), _gradients.AsTensorSpan()), "optimizer", "*");
        Refused(() => none.Step(_start.AsTensorSpan(), _gradients.AsTensorSpan(), 1), "optimizer", "*");
    }

    private static void Refused(Action call, string parameter, string message) =>
        call.Should().Throw<ArgumentException>().WithMessage(message).WithParameterName(parameter);

    private static void Check(Action<AdamW, float[], float[]> step)
    {
        float[] parameters = [.. _start];
        step(new AdamW(12), parameters, [.. _gradients]);
        parameters.ShouldHaveTheBitsOf(_expected, "parameters");
    }
}
