namespace Optimizers;

/// <summary>
/// Memory for one stream of a step, values or gradients, of many tensors. Small tensors lie next to each other in the order in
/// which they are allocated, so a step reads memory sequentially from one tensor to the next.
/// </summary>
internal sealed class NativeArena(int stream) : IDisposable
{
    // Memory pages that are never accessed cost nothing.
    private const int ChunkBytes = 1 << 20;

    private readonly List<NativeBuffer> _buffers = [];
    private nuint _next;
    private nuint _end;

    /// <summary>The number of bytes that are reserved, with the gaps and the unused ends.</summary>
    public nuint ReservedBytes { get; private set; }

    /// <summary>Reserves one piece of memory for tensors of this total size, including the gaps between them.</summary>
    public void Reserve(nuint bytes)
    {
        if (_end - _next < bytes)
        {
            _next = Allocate(bytes, out _end);
        }
    }

    /// <summary>Allocates zeroed memory, valid until the arena is disposed.</summary>
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
        ReservedBytes += room;
        end = buffer.Address + room;
        return Placement.Next(buffer.Address, ChunkBytes, stream);
    }
}
