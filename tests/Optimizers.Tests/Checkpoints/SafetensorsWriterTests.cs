using System.Text;

namespace Optimizers.Tests;

/// <summary>Files with the bytes of the reference implementation, and content that the writer refuses.</summary>
public sealed class SafetensorsWriterTests
{
    [Fact]
    public void TensorsAreOrderedByTypeThenByTheBytesOfTheirNames()
    {
        // In UTF-16 order the last two would be exchanged.
        string[] names = ["", "B", "a", "a.b", "é", "\uFFFD", "😀"];
        SafetensorsTensor[] tensors =
        [
            .. Enum.GetValues<SafetensorsType>().Select((type, i) => new SafetensorsTensor($"type {i:D2}", type, 4)),
            .. names.Select(name => new SafetensorsTensor(name, SafetensorsType.F32, 1)),
        ];
        new Random(1).Shuffle(tensors);
        using var file = new MemoryStream();
        var writer = new SafetensorsWriter(file, tensors);
        writer.Tensors.Select(tensor => (int)tensor.Type).Should().BeInDescendingOrder();
        writer.Tensors.Where(tensor => tensor.Shape[0] == 1).Select(tensor => tensor.Name).Should().Equal(names);
    }

    [Fact]
    public void HeaderHasTheBytesOfTheReference()
    {
        using var file = new MemoryStream();
        var writer = new SafetensorsWriter(
            file,
            [new("τ/<&>'+\"\\\n", SafetensorsType.F32, 1, 2), new("step", SafetensorsType.I64)],
            new Dictionary<string, string> { ["b"] = "{\"x\":1}", ["a"] = "" });
        writer.Write<long>("step", [3]);
        writer.Write<float>("τ/<&>'+\"\\\n", [1, 2]);
        writer.Complete();
        const string Header = """
            {"__metadata__":{"a":"","b":"{\"x\":1}"},"step":{"dtype":"I64","shape":[],"data_offsets":[0,8]},
            "τ/<&>'+\"\\\n":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]}}
            """;
        byte[] bytes = file.ToArray();
        int length = BitConverter.ToInt32(bytes);
        (length % 8).Should().Be(0);
        Encoding.UTF8.GetString(bytes.AsSpan(8, length)).TrimEnd(' ')
            .Should().Be(Header.Replace("\n", string.Empty, StringComparison.Ordinal));
        bytes[(8 + length)..].Should().Equal(3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64);
    }

    [Fact]
    public void EmptyFileIsValid()
    {
        using var file = new MemoryStream();
        new SafetensorsWriter(file, []).Complete();
        file.ToArray().Should().Equal(8, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}', 32, 32, 32, 32, 32, 32);
    }

    [Fact]
    public async Task ElementsMayBeWrittenInPartsAndLater()
    {
        using var file = new MemoryStream();
        var writer = new SafetensorsWriter(file, [new("a", SafetensorsType.F4, 4), new("none", SafetensorsType.U8, 0), new("b", SafetensorsType.U8, 3)]);
        await writer.WriteBytesAsync("b", new byte[] { 1 });
        await writer.WriteBytesAsync("b", new byte[] { 2, 3 });
        writer.WriteBytes("a", [4, 5]);
        writer.Complete();
        file.ToArray()[^5..].Should().Equal(1, 2, 3, 4, 5);
        SafetensorsBytes.Open(file.ToArray()).Dispose();
    }

    [Fact]
    public void InvalidTensorsThrow()
    {
        using var file = new MemoryStream();
        SafetensorsTensor w = new("w", SafetensorsType.F32, 2);
        SafetensorsTensor x = new("x", SafetensorsType.F32, 2);
        var writer = new SafetensorsWriter(file, [w, x]);
        foreach (Action action in new Action[]
                 {
                     () => _ = new SafetensorsTensor("w", SafetensorsType.F32, -1),
                     () => _ = new SafetensorsTensor("w", SafetensorsType.F32, long.MaxValue),
                     () => _ = new SafetensorsTensor("w", SafetensorsType.F4, 3),
                     () => _ = new SafetensorsTensor("w", (SafetensorsType)99, 3),
                     () => _ = new SafetensorsTensor("__metadata__", SafetensorsType.U8, 3),
                     () => _ = new SafetensorsWriter(file, [w, w]),
                     () => _ = new SafetensorsWriter(file, [new("\ud800", SafetensorsType.U8)]),
                     () => _ = new SafetensorsWriter(file, [], [new("a", "\ud800")]),
                     () => _ = new SafetensorsWriter(file, [], [new("a", "1"), new("a", "2")]),
                     () => _ = new SafetensorsWriter(file, [], [new("a", null!)]),
                     () => _ = new SafetensorsWriter(new MemoryStream([], writable: false), []),
                     () => writer.Write<float>("x", [1, 2]),
                     () => writer.Write<float>("y", [1, 2]),
                     () => writer.Write<float>("w", [1, 2, 3]),
                     () => writer.Write<double>("w", [1]),
                     () => writer.Write<bool>("w", [true]),
                 })
        {
            action.Should().Throw<ArgumentException>();
        }

        file.Length.Should().Be(0);
        writer.Write<float>("w", [1, 2]);
        writer.Write<float>("x", [1]);
        writer.Invoking(unfinished => unfinished.Complete()).Should().Throw<InvalidOperationException>().WithMessage("*\"x\"*4 bytes*");
        writer.Write<float>("x", [2]);
        writer.Complete();
        writer.Invoking(full => full.Write<float>("x", [3])).Should().Throw<ArgumentException>();
    }
}
