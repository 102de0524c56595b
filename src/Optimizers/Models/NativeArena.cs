namespace Optimizers;

/// <summary>
/// Memory for one stream of a step, values or gradients, of many tensors: small ones lie next to each other in the order in
/// which they are taken, so that a step streams on from one to the next.
/// </summary>
internal sealed class NativeArena(int stream) : IDisposable
{
    // Pages that nobody touches cost nothing.
    private const int ChunkBytes = 1 << 20;

    private readonly List<NativeBuffer> _buffers = [];
    private nuint _next;
    private nuint _end;

    /// <summary>Sees to it that tensors of this many bytes together, with what they need between them, lie in one piece.</summary>
    public void Reserve(nuint bytes)
    {
        if (_end - _next < bytes)
        {
            _next = Allocate(bytes, out _end);
        }
    }

    /// <summary>Zeroed memory, valid until the arena is disposed.</summary>
    public nuint Take(nuint bytes)
    {
        nuint place = Placement.Next(_next, bytes, stream);
        if (place + bytes <= _end)
        {
            _next = place + bytes;
            return place;
        }

        if (bytes > ChunkBytes / 4)
        {
            return Placement.Next(Allocate(bytes, out _), bytes, stream);
        }

        Reserve(ChunkBytes);
        return Take(bytes);
    }

    public void Dispose()
    {
        foreach (NativeBuffer buffer in _buffers)
        {
            buffer.Dispose();
        }
    }

    private nuint Allocate(nuint bytes, out nuint end)
    {
        nuint room = bytes + (2 * Placement.Page);
        var buffer = new NativeBuffer(room);
        _buffers.Add(buffer);
        end = buffer.Address + room;
        return Placement.Next(buffer.Address, ChunkBytes, stream);
    }
}
