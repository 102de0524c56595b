using System.Buffers;
using System.Runtime.InteropServices;

namespace Optimizers.Tests;

public sealed class ParameterSetTests
{
    [Fact]
    public unsafe void OwnMemoryBeginsOnACacheLine()
    {
        using var set = new ParameterSet();
        set.Add("scalar");
        set.AddRange(("a", [3, 5]), ("empty", [7, 0]), ("b", [1]), ("c", [129]));
        foreach (Parameter parameter in set)
        {
            ((nuint)parameter.ValuesAddress % 64).Should().Be(0);
            ((nuint)parameter.GradientsAddress % 64).Should().Be(0);
            parameter.Values.ToArray().Should().Equal(new float[parameter.Length]);
            parameter.Gradients.ToArray().Should().Equal(new float[parameter.Length]);
        }
    }

    [Fact]
    public void ParametersKeepTheirOrderAndAreFoundByName()
    {
        using var set = new ParameterSet();
        set.Add("weight", 3, 5).Length.Should().Be(15);
        IReadOnlyList<Parameter> added = set.AddRange(("bias", [3]), ("scale", []), ("none", [7, 0]));
        set.Should().Equal([set["weight"], .. added]);
        set.Select(p => p.Name).Should().Equal("weight", "bias", "scale", "none");
        set.Select(p => p.Length).Should().Equal(15, 3, 1, 0);
        set[0].Shape.Should().Equal(3, 5);
        set["scale"].Shape.Should().BeEmpty();
        set.Count.Should().Be(4);
        set.ElementCount.Should().Be(19);
        set[0].ToString().Should().Be("weight [3, 5]");
        set.TryGet("bias", out Parameter? bias).Should().BeTrue();
        bias.Should().BeSameAs(set[1]);
        set.TryGet("Bias", out _).Should().BeFalse();
    }

    [Fact]
    public void BuffersOfParametersDoNotOverlap()
    {
        using var set = new ParameterSet();
        set.AddRange([.. Enumerable.Range(0, 20).Select(i => ($"p{i}", new[] { i }))]);
        int next = 1;
        foreach (Parameter parameter in set)
        {
            parameter.Values.Fill(next++);
            parameter.Gradients.Fill(next++);
        }

        next = 1;
        foreach (Parameter parameter in set)
        {
            parameter.Values.ToArray().Should().Equal(Enumerable.Repeat((float)next++, parameter.Length));
            parameter.Gradients.ToArray().Should().Equal(Enumerable.Repeat((float)next++, parameter.Length));
        }
    }

    [Fact]
    public void ShapeIsCopied()
    {
        using var set = new ParameterSet();
        int[] shape = [2, 3];
        Parameter parameter = set.AddRange(("p", shape))[0];
        shape[0] = 9;
        parameter.Shape.Should().Equal(2, 3);
    }

    [Fact]
    public void ViewUsesTheMemoryOfTheCaller()
    {
        float[] memory = Draw.Floats(1, 20);
        float[] expected = Outcome.Of(new Sgd(6), memory[3..9], [memory[10..16]]).Parameters;
        using var set = new ParameterSet();
        Parameter view = set.AddView("view", [2, 3], memory.AsMemory(3, 6), memory.AsMemory(10, 6));
        view.Values.Overlaps(memory.AsSpan(3, 6), out int offset).Should().BeTrue();
        offset.Should().Be(0);
        new ModelOptimizer(set, new SgdOptions(), new() { ZeroGradients = true }).Step();
        memory[3..9].ShouldHaveTheBitsOf(expected, "values");
        memory[10..16].Should().OnlyContain(g => g == 0);
        memory[..3].ShouldHaveTheBitsOf(Draw.Floats(1, 20)[..3], "before the view");
        memory[16..].ShouldHaveTheBitsOf(Draw.Floats(1, 20)[16..], "after the view");
    }

    [Fact]
    public void ViewStaysInPlaceDuringGarbageCollection()
    {
        using var set = new ParameterSet();
        Parameter view = set.AddView("view", [4], new float[4], new float[4]);
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        view.Values.Fill(3);
        view.Gradients.Fill(2);
        new ModelOptimizer(set, new ThrowingOptions()).Step();
        view.Values.ToArray().Should().Equal(2, 2, 2, 2);
    }

    [Fact]
    public void DisposeUnpinsMemory()
    {
        var set = new ParameterSet();
        using var memory = new CountingMemory();
        set.AddView("a", [2], memory.Memory[..2], memory.Memory[2..]);
        set.Invoking(s => s.AddView("b", [1], memory.Memory[..1], new float[1])).Should().Throw<ArgumentException>();
        memory.Pins.Should().Be(2);
        set.Dispose();
        memory.Pins.Should().Be(0);
        set.Dispose();
        memory.Pins.Should().Be(0);
    }

    [Fact]
    public void SharedGradientsAreZeroedTogether()
    {
        float[] gradients = [1, 2];
        using var set = new ParameterSet();
        set.AddView("a", [2], new float[2], gradients);
        set.AddView("b", [2], new float[2], gradients);
        new ModelOptimizer(set, new SgdOptions()).Step().Updated.Should().Be(2);
        set["a"].Values.ToArray().Should().Equal(set["b"].Values.ToArray());
        set.ZeroGradients();
        gradients.Should().Equal(0, 0);
    }

    [Fact]
    public void UseAfterDisposeThrows()
    {
        var set = new ParameterSet();
        Parameter parameter = set.Add("p", 3);
        var optimizer = new ModelOptimizer(set, new SgdOptions());
        set.Dispose();
        set.Dispose();
        foreach (Action use in (Action[])
                 [
                     () => _ = parameter.Values.Length,
                     () => _ = parameter.Gradients.Length,
                     () => set.Add("q", 1),
                     () => set.AddRange(("q", [1])),
                     () => set.AddView("q", [1], new float[1], new float[1]),
                     set.ZeroGradients,
                     () => optimizer.Step(),
                     () => _ = new ModelOptimizer(set, new SgdOptions()),
                     () => new ClipByGlobalNorm().Apply(set),
                 ])
        {
            use.Should().Throw<ObjectDisposedException>();
        }
    }

    private sealed unsafe class CountingMemory : MemoryManager<float>
    {
        private readonly float[] _values = GC.AllocateArray<float>(4, pinned: true);

        public int Pins { get; private set; }

        public override Span<float> GetSpan() => _values;

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            Pins++;
            return new((float*)Marshal.UnsafeAddrOfPinnedArrayElement(_values, elementIndex), default, this);
        }

        public override void Unpin() => Pins--;

        protected override void Dispose(bool disposing)
        {
        }
    }
}
