namespace Optimizers.Tests;

public sealed class MemoryFileTests
{
    private const int Chunk = 1 << 20;

    [Theory]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData((3 * Chunk) + 5)]
    public void DataIsReadAcrossChunkBoundaries(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        using var file = new MemoryFile(length);
        file.Length.Should().Be(length);
        for (int start = 0; start < length; start += 700_001)
        {
            file.Write(bytes.AsSpan(start, Math.Min(700_001, length - start)));
        }

        file.Position.Should().Be(length);
        file.Invoking(f => f.WriteByte(1)).Should().Throw<IOException>().WithMessage($"*{length} bytes*");

        // Again in the middle, across the end of a chunk if there is one.
        file.Seek(length / 2, SeekOrigin.Begin);
        file.Write(bytes.AsSpan(length / 2));
        file.Dispose();
        var read = new byte[length];
        file.Position = 0;
        file.ReadExactly(read);
        read.AsSpan().SequenceEqual(bytes).Should().BeTrue();
        file.Read(read).Should().Be(0, "the end was reached");
    }
}
