namespace Optimizers;

/// <summary>
/// What a checkpoint is to hold: tensors and counters, which become tensors of the file, and values, which become JSON
/// strings in its metadata. Names are unique; a dot separates their parts.
/// </summary>
public sealed class CheckpointContents
{
    private readonly List<CheckpointEntry> _entries = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    internal IReadOnlyList<CheckpointEntry> Entries => _entries;

    /// <summary>Lists elements in float32.</summary>
    /// <param name="name">The name of the tensor in the file.</param>
    /// <param name="shape">The length of each dimension; none for a scalar.</param>
    /// <param name="elements">Gives the memory that is saved from and loaded into; as many elements as the shape has.</param>
    public void Tensor(string name, IReadOnlyList<int> shape, Func<Span<float>> elements) =>
        Add(new TensorEntry<float>(name, [.. shape], elements));

    /// <summary>Lists elements in bfloat16.</summary>
    /// <inheritdoc cref="Tensor(string, IReadOnlyList{int}, Func{Span{float}})"/>
    public void Tensor(string name, IReadOnlyList<int> shape, Func<Span<BFloat16>> elements) =>
        Add(new TensorEntry<BFloat16>(name, [.. shape], elements));

    /// <summary>Lists bytes.</summary>
    /// <inheritdoc cref="Tensor(string, IReadOnlyList{int}, Func{Span{float}})"/>
    public void Tensor(string name, IReadOnlyList<int> shape, Func<Span<byte>> elements) =>
        Add(new TensorEntry<byte>(name, [.. shape], elements));

    /// <summary>Lists a whole number, which becomes a tensor of its own without dimensions.</summary>
    /// <param name="name">The name of the tensor in the file.</param>
    /// <param name="get">Gives the number that is saved.</param>
    /// <param name="set">Takes the number that was loaded, once everything has been found in order.</param>
    public void Counter(string name, Func<long> get, Action<long> set) => Add(new CounterEntry(name, get, set));

    /// <summary>Lists a value that is kept as JSON.</summary>
    /// <param name="name">The key in the file's metadata.</param>
    /// <param name="get">Gives the JSON that is saved.</param>
    /// <param name="accept">
    /// Takes JSON that was found, checks it without changing anything, and gives what makes it count. Throws a
    /// <see cref="FormatException"/> whose message says what was expected, if it cannot be used.
    /// </param>
    public void Value(string name, Func<string> get, Func<string, Action> accept) =>
        Add(new ValueEntry(name, get, accept));

    private void Add(CheckpointEntry entry)
    {
        ArgumentException.ThrowIfNullOrEmpty(entry.Name);
        if (!_names.Add(entry.Name))
        {
            throw new ArgumentException($"\"{entry.Name}\" is listed twice.");
        }

        _entries.Add(entry);
    }
}

internal abstract record CheckpointEntry(string Name);

internal sealed record TensorEntry<T>(string Name, int[] Shape, Func<Span<T>> Elements) : CheckpointEntry(Name)
    where T : unmanaged;

internal sealed record CounterEntry(string Name, Func<long> Get, Action<long> Set) : CheckpointEntry(Name);

internal sealed record ValueEntry(string Name, Func<string> Get, Func<string, Action> Accept) : CheckpointEntry(Name);
