namespace Optimizers.Tests;

/// <summary>Saves and loads what is listed, as files do, in memory.</summary>
internal sealed class MemoryCheckpoint
{
    private readonly Dictionary<string, object> _saved = [];

    public MemoryCheckpoint(ICheckpointed source)
    {
        foreach (CheckpointEntry entry in EntriesOf(source))
        {
            _saved.Add(entry.Name, entry switch
            {
                TensorEntry<float> tensor => (tensor.Shape, Elements(tensor)),
                TensorEntry<byte> tensor => (tensor.Shape, Elements(tensor)),
                CounterEntry counter => counter.Get(),
                ValueEntry value => value.Get(),
                _ => throw new NotSupportedException(entry.ToString()),
            });
        }
    }

    public IReadOnlyCollection<string> Names => _saved.Keys;

    /// <summary>Loads into something new, which lists the same.</summary>
    public T LoadInto<T>(T target)
        where T : ICheckpointed
    {
        IReadOnlyList<CheckpointEntry> entries = EntriesOf(target);
        entries.Select(entry => entry.Name).Should().BeEquivalentTo(_saved.Keys);
        foreach (CheckpointEntry entry in entries)
        {
            switch (entry)
            {
                case TensorEntry<float> tensor:
                    Load(tensor);
                    break;
                case TensorEntry<byte> tensor:
                    Load(tensor);
                    break;
                case CounterEntry counter:
                    counter.Set((long)_saved[entry.Name]);
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
        var contents = new CheckpointContents();
        source.Describe(contents);
        return contents.Entries;
    }

    private static T[] Elements<T>(TensorEntry<T> tensor)
        where T : unmanaged
    {
        T[] elements = tensor.Elements().ToArray();
        elements.Should().HaveCount(tensor.Shape.Aggregate(1, (product, length) => product * length), tensor.Name);
        return elements;
    }

    private void Load<T>(TensorEntry<T> tensor)
        where T : unmanaged
    {
        (int[] shape, T[] elements) = ((int[], T[]))_saved[tensor.Name];
        tensor.Shape.Should().Equal(shape, tensor.Name);
        elements.CopyTo(tensor.Elements());
    }
}
