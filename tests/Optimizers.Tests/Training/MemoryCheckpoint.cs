namespace Optimizers.Tests;

/// <summary>Saves and loads the entries of a checkpoint in memory, as files do.</summary>
internal sealed class MemoryCheckpoint
{
    private readonly Dictionary<string, object> _saved = [];

    public MemoryCheckpoint(ICheckpointed source)
    {
        foreach (CheckpointEntry entry in EntriesOf(source))
        {
            _saved.Add(entry.Name, entry switch
            {
                TensorEntry tensor => (tensor.Shape, Bytes(tensor)),
                ValueEntry value => value.Get(),
                _ => throw new NotSupportedException(entry.ToString()),
            });
        }
    }

    public IReadOnlyCollection<string> Names => _saved.Keys;

    /// <summary>Loads into a new object that lists the same entries.</summary>
    public T LoadInto<T>(T target)
        where T : ICheckpointed
    {
        IReadOnlyList<CheckpointEntry> entries = EntriesOf(target);
        entries.Select(entry => entry.Name).Should().BeEquivalentTo(_saved.Keys);
        foreach (CheckpointEntry entry in entries)
        {
            switch (entry)
            {
                case TensorEntry tensor:
                    Load(tensor);
                    break;
                case ValueEntry value:
                    value.Accept((string)_saved[entry.Name])();
                    break;
                default:
                    throw new NotSupportedException(entry.ToString());
            }
        }

        return target;
    }

    private static IReadOnlyList<CheckpointEntry> EntriesOf(ICheckpointed source)
    {
        var contents = new CheckpointManifest();
        source.Describe(contents);
        return contents.Entries;
    }

    private static byte[] Bytes(TensorEntry tensor)
    {
        tensor.Check();
        var bytes = new byte[SafetensorsTypes.BytesOf(tensor.Type, tensor.Shape)!.Value];
        tensor.CopyTo(bytes, 0);
        return bytes;
    }

    private void Load(TensorEntry tensor)
    {
        (long[] shape, byte[] bytes) = ((long[], byte[]))_saved[tensor.Name];
        tensor.Shape.Should().Equal(shape, tensor.Name);
        tensor.Refusal(bytes).Should().BeNull();
        tensor.CopyFrom(bytes, 0);
    }
}
