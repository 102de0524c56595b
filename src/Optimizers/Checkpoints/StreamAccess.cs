namespace Optimizers.Checkpoints;

/// <summary>
/// A stream with one set of methods for synchronous and asynchronous use, so that the code on it is written once. In synchronous use
/// every task is complete when it is returned.
/// </summary>
internal readonly struct StreamAccess(Stream stream, bool asynchronous, CancellationToken cancellation = default)
{
    /// <summary>The number of bytes to read or write at a time. Every element ends within one chunk.</summary>
    public const int Chunk = 1 << 20;

    public ValueTask ReadExactly(Memory<byte> buffer)
    {
        cancellation.ThrowIfCancellationRequested();
        if (asynchronous)
        {
            return stream.ReadExactlyAsync(buffer, cancellation);
        }

        stream.ReadExactly(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public ValueTask Write(ReadOnlyMemory<byte> buffer)
    {
        cancellation.ThrowIfCancellationRequested();
        if (asynchronous)
        {
            return stream.WriteAsync(buffer, cancellation);
        }

        stream.Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <summary>A buffer for chunks of data with the given total length.</summary>
    public static byte[] BufferFor(long bytes) => GC.AllocateUninitializedArray<byte>((int)Math.Min(bytes, Chunk));
}

/// <summary>Runs code synchronously that was written for synchronous and asynchronous use.</summary>
internal static class AtOnce
{
    public static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    public static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();
}
