using System.Buffers;

namespace Optimizers.Tests;

/// <summary>Adding an invalid parameter throws and does not change the set.</summary>
public sealed class BadParameterTests : IDisposable
{
    private static readonly (string Argument, string Message, Action<ParameterSet> Add)[] _refusals =
    [
        ("name", "*\"\" cannot*", set => set.Add("", 1)),
        ("name", "*\"a\\u0000b\" cannot*", set => set.Add("a\0b", 1)),
        ("name", "*\"__metadata__\" cannot*", set => set.Add("__metadata__", 1)),
        ("name", "*\"own\" already*", set => set.Add("own", 1)),
        ("name", "*\"view\" already*", set => set.AddView("view", [1], new float[1], new float[1])),
        ("parameters", "*\"new\"*", set => set.AddRange(("new", [1]), ("new", [2]))),
        ("parameters", "*\"own\" already*", set => set.AddRange(("new", [1]), ("own", [2]))),
        ("shape", "*\"p\"*negative*-1*", set => set.Add("p", 2, -1)),
        ("parameters", "*\"p\"*negative*", set => set.AddRange(("new", [1]), ("p", [int.MinValue, 0]))),
        ("shape", "*\"p\"*2147483647*", set => set.Add("p", 65_536, 32_768)),
        ("shape", "*\"p\"*2147483647*", set => set.Add("p", int.MaxValue, int.MaxValue, int.MaxValue)),
        ("shape", "*\"p\"*2147483647*", set => set.AddView("p", [int.MaxValue, 2], new float[1], new float[1])),
        ("shape", "*\"p\"*negative*", set => set.AddView("p", [-1], new float[1], new float[1])),
        ("values", "*\"p\"*6 elements*5 values*", set => set.AddView("p", [2, 3], new float[5], new float[6])),
        ("gradients", "*\"p\"*6 elements*7 gradients*", set => set.AddView("p", [2, 3], new float[6], new float[7])),
        ("values", "*\"p\"*1 elements*0 values*", set => set.AddView("p", [], default, new float[1])),
        ("name", "*", set => set.Add(null!, 1)),
        ("name", "*", set => set.AddView(null!, [1], new float[1], new float[1])),
        ("parameters", "*", set => set.AddRange(null!)),
        ("parameters", "*", set => set.AddRange((null!, [1]))),
        ("parameters", "*shape of the parameter \"p\" is null*", set => set.AddRange(("p", null!))),
        ("name", "*", set => set.TryGet(null!, out _)),
        ("name", "*", set => _ = set[(string)null!]),
        ("name", "*no parameter \"p\"*", set => _ = set["p"]),
    ];

    private readonly ParameterSet _set = new();
    private readonly float[] _memory = new float[100];

    public BadParameterTests()
    {
        _set.Add("own", 4);
        _set.AddView("view", [10], _memory.AsMemory(0, 10), _memory.AsMemory(50, 10));
    }

    // Start of the values, start of the gradients, and the name in the message.
    public static TheoryData<int, int, string> Overlaps() => new()
    {
        { 20, 20, "*gradients of \"p\" overlap its values*" },
        { 20, 29, "*gradients of \"p\" overlap its values*" },
        { 0, 20, "*values of \"p\" overlap*\"view\"*" },
        { 9, 20, "*values of \"p\" overlap*\"view\"*" },
        { 41, 20, "*values of \"p\" overlap*\"view\"*" },
        { 59, 20, "*values of \"p\" overlap*\"view\"*" },
        { 20, 0, "*gradients of \"p\" overlap the values of \"view\"*" },
        { 20, 9, "*gradients of \"p\" overlap the values of \"view\"*" },
    };

    public void Dispose() => _set.Dispose();

    [Fact]
    public void InvalidParameterThrowsAndIsNotAdded()
    {
        foreach ((string argument, string message, Action<ParameterSet> add) in _refusals)
        {
            _set.Invoking(add).Should().Throw<ArgumentException>(message).WithParameterName(argument).WithMessage(message);
            CheckUnchanged();
        }
    }

    [Theory]
    [MemberData(nameof(Overlaps))]
    public void OverlappingMemoryThrows(int values, int gradients, string message)
    {
        _set.Invoking(set => set.AddView("p", [10], _memory.AsMemory(values, 10), _memory.AsMemory(gradients, 10)))
            .Should().Throw<ArgumentException>().WithMessage(message);
        CheckUnchanged();
    }

    [Theory]
    [InlineData(10, 20)]
    [InlineData(40, 60)]
    [InlineData(20, 50)]
    [InlineData(20, 55)]
    public void AdjacentMemoryAndSharedGradientsAreAccepted(int values, int gradients)
    {
        _set.AddView("p", [10], _memory.AsMemory(values, 10), _memory.AsMemory(gradients, 10));
        _set.Count.Should().Be(3);
    }

    [Fact]
    public void MemoryOfTheSetItselfThrows()
    {
        using MemoryManager<float> own = new ParameterMemory(_set["own"]);
        _set.Invoking(set => set.AddView("p", [4], own.Memory, new float[4]))
            .Should().Throw<ArgumentException>().WithMessage("*\"own\"*");
        CheckUnchanged();
    }

    private void CheckUnchanged()
    {
        _set.Select(p => p.Name).Should().Equal("own", "view");
        _set.ElementCount.Should().Be(14);
        _set.TryGet("p", out _).Should().BeFalse();
    }

    /// <summary>The values of a parameter as memory.</summary>
    private sealed class ParameterMemory(Parameter parameter) : MemoryManager<float>
    {
        public override Span<float> GetSpan() => parameter.Values;

        public override unsafe MemoryHandle Pin(int elementIndex = 0) => new(parameter.ValuesAddress + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
