namespace Optimizers.Checkpoints;

/// <summary>
/// A file of a fixed length in memory, which may be longer than an array can be. Closing it keeps its contents, so they can be read
/// any number of times.
/// </summary>
internal sealed class MemoryFile : Stream
{
    private readonly byte[][] _chunks;
    private readonly long _length;
    private long _position;

    /// <summary>Allocates a file of zeros.</summary>
    public MemoryFile(long length)
    {
        _length = length;
        _chunks = new byte[((length - 1) / StreamAccess.Chunk) + 1][];
        for (int i = 0; i < _chunks.Length; i++)
        {
            _chunks[i] = new byte[Math.Min(StreamAccess.Chunk, length - ((long)i * StreamAccess.Chunk))];
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _position;
        set => _position = value;
    }

    public override int Read(Span<byte> buffer)
    {
        int count = 0;
        while (count < buffer.Length && _position < _length)
        {
            Span<byte> part = Here(buffer.Length - count);
            part.CopyTo(buffer[count..]);
            count += part.Length;
            _position += part.Length;
        }

        return count;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_position >= _length)
            {
                throw new IOException($"The file in memory has {_length} bytes, and cannot grow.");
            }

            Span<byte> part = Here(buffer.Length);
            buffer[..part.Length].CopyTo(part);
            buffer = buffer[part.Length..];
            _position += part.Length;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => _length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    // The part of a chunk from the position on, with at most the given number of bytes.
    private Span<byte> Here(int most)
    {
        Span<byte> rest = _chunks[_position / StreamAccess.Chunk].AsSpan((int)(_position % StreamAccess.Chunk));
        return rest[..Math.Min(most, rest.Length)];
    }
}
