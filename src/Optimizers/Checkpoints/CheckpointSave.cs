using System.Text;

namespace Optimizers.Checkpoints;

/// <summary>Writes the file of a checkpoint from front to back; the checksum is written last.</summary>
internal sealed class CheckpointSave
{
    private readonly Dictionary<string, TensorEntry> _entries;
    private readonly SafetensorsTensor[] _tensors;
    private readonly byte[] _header;
    private readonly IProgress<CheckpointProgress>? _progress;

    public CheckpointSave(
        IReadOnlyList<TensorEntry> entries,
        IEnumerable<KeyValuePair<string, string>> metadata,
        IProgress<CheckpointProgress>? progress)
    {
        foreach (TensorEntry entry in entries)
        {
            entry.Check();
        }

        _entries = entries.ToDictionary(entry => entry.Name);
        _tensors = SafetensorsWriter.Arrange(entries.Select(entry => new SafetensorsTensor(entry.Name, entry.Type, entry.Shape)));
        _header = SafetensorsHeader.Format(_tensors, metadata);
        _progress = progress;
    }

    /// <summary>The length of the file, in bytes.</summary>
    public long Length => _header.Length + DataLength;

    private long DataLength => _tensors.Length == 0 ? 0 : _tensors[^1].End;

    public async ValueTask Write(Stream stream, StreamAccess access)
    {
        using var checksum = new FileChecksum();
        int position = FileChecksum.PositionIn(_header);
        checksum.AppendHeader(_header, position);
        await access.Write(_header).ConfigureAwait(false);
        byte[] buffer = StreamAccess.BufferFor(DataLength);
        long done = _header.Length;
        foreach (SafetensorsTensor tensor in _tensors)
        {
            for (long start = 0; start < tensor.ByteLength;)
            {
                Memory<byte> part = buffer.AsMemory(0, (int)Math.Min(tensor.ByteLength - start, buffer.Length));
                _entries[tensor.Name].CopyTo(part.Span, start);
                checksum.Append(part.Span);
                await access.Write(part).ConfigureAwait(false);
                start += part.Length;
                done += part.Length;
                _progress?.Report(new CheckpointProgress(done, Length));
            }
        }

        stream.Position = position;
        await access.Write(Encoding.ASCII.GetBytes(checksum.Finish())).ConfigureAwait(false);
    }
}
