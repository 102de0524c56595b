namespace Optimizers.Checkpoints;

/// <summary>Reads the data of a checkpoint in chunks: first to check all of it, then again to copy the wanted tensors.</summary>
internal sealed class CheckpointCopy(
    SafetensorsReader file,
    IReadOnlyList<(TensorEntry Entry, SafetensorsTensor Tensor)> tensors,
    IProgress<CheckpointProgress>? progress)
{
    private readonly long _dataLength = file.Stream.Length - file.DataStart;
    private readonly byte[] _buffer = StreamAccess.BufferFor(file.Stream.Length - file.DataStart);
    private readonly long _wanted = tensors.Sum(pair => pair.Tensor.ByteLength);
    private long _done;

    /// <summary>Reads all data, and compares them with the checksum.</summary>
    /// <exception cref="CheckpointException">The data differ from those that were written.</exception>
    public async ValueTask Check(string path, StreamAccess access)
    {
        SafetensorsHeader header = file.Header;
        using var checksum = new FileChecksum();
        bool promised = header.Metadata.TryGetValue(FileChecksum.Key, out string? expected);
        if (promised ? header.ChecksumPosition < 0 : header.Metadata.ContainsKey(Checkpoint.VersionKey))
        {
            throw new CheckpointException($"\"{path}\" is damaged: its checksum is missing. Use an older checkpoint.");
        }

        if (promised)
        {
            var bytes = new byte[file.DataStart];
            file.Stream.Position = 0;
            await access.ReadExactly(bytes).ConfigureAwait(false);
            checksum.AppendHeader(bytes, sizeof(long) + header.ChecksumPosition);
        }

        file.Stream.Position = file.DataStart;
        for (long left = _dataLength; left > 0;)
        {
            Memory<byte> part = _buffer.AsMemory(0, (int)Math.Min(left, _buffer.Length));
            await access.ReadExactly(part).ConfigureAwait(false);
            checksum.Append(part.Span);
            left -= part.Length;
            Report(part.Length);
        }

        if (promised && checksum.Finish() != expected)
        {
            throw new CheckpointException($"\"{path}\" is damaged: its content does not match its checksum. Use an older checkpoint.");
        }
    }

    /// <summary>Validates the small tensors whose values have a meaning, such as counters, and adds every fault to the problems.</summary>
    public async ValueTask Look(ProblemList problems, StreamAccess access)
    {
        foreach ((TensorEntry entry, SafetensorsTensor tensor) in tensors.Where(pair => pair.Entry is CounterEntry))
        {
            Memory<byte> bytes = _buffer.AsMemory(0, (int)tensor.ByteLength);
            file.Stream.Position = file.DataStart + tensor.Begin;
            await access.ReadExactly(bytes).ConfigureAwait(false);
            if (entry.Refusal(bytes.Span) is { } refusal)
            {
                problems.Add($"different: {tensor} is {refusal}");
            }
        }
    }

    /// <summary>Copies the wanted tensors into memory.</summary>
    public async ValueTask Take(string path, StreamAccess access)
    {
        try
        {
            foreach ((TensorEntry entry, SafetensorsTensor tensor) in tensors)
            {
                file.Stream.Position = file.DataStart + tensor.Begin;
                for (long start = 0; start < tensor.ByteLength;)
                {
                    Memory<byte> part = _buffer.AsMemory(0, (int)Math.Min(tensor.ByteLength - start, _buffer.Length));
                    await access.ReadExactly(part).ConfigureAwait(false);
                    entry.CopyFrom(part.Span, start);
                    start += part.Length;
                    Report(part.Length);
                }
            }
        }
        catch (IOException exception)
        {
            throw new IOException(
                $"\"{path}\" could not be read to its end, so the model is loaded only in part. Load this or another checkpoint before you continue: "
                + exception.Message,
                exception);
        }
    }

    private void Report(int bytes)
    {
        _done += bytes;
        progress?.Report(new CheckpointProgress(_done, _dataLength + _wanted));
    }
}
