namespace Optimizers.Checkpoints;

/// <summary>
/// A stream that is used either at once or asynchronously, so that what is done with it is written once. At once, every
/// task has ended when it is returned.
/// </summary>
internal readonly struct StreamAccess(Stream stream, bool asynchronous, CancellationToken cancellation = default)
{
    /// <summary>What is read or written in one go, in bytes; every element ends within one.</summary>
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

    /// <summary>A buffer for chunks of so many bytes altogether.</summary>
    public static byte[] BufferFor(long bytes) => GC.AllocateUninitializedArray<byte>((int)Math.Min(bytes, Chunk));
}

/// <summary>What was written to be used either at once or asynchronously.</summary>
internal static class AtOnce
{
    public static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    public static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();
}
