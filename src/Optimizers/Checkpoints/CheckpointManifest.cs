using System.Text.Json;
using System.Text.Json.Nodes;

namespace Optimizers.Checkpoints;

/// <summary>
/// What a checkpoint is to hold: tensors and counters, which become tensors of the file, and values, which become JSON
/// strings in its metadata. Names are unique; a dot separates their parts.
/// </summary>
public sealed class CheckpointManifest
{
    private readonly List<CheckpointEntry> _entries;
    private readonly HashSet<string> _names;
    private readonly HashSet<object> _listed;
    private readonly string _prefix;
    private readonly CheckpointOwner? _owner;
    private readonly int _since;

    internal CheckpointManifest(CheckpointLoad? loading = null, ConfigurationRegistry? registry = null)
    {
        Registry = registry ?? ConfigurationRegistry.Empty;
        _entries = [];
        _names = new HashSet<string>(StringComparer.Ordinal);
        _listed = new HashSet<object>(ReferenceEqualityComparer.Instance);
        _prefix = string.Empty;
        _since = 1;
        Loading = loading;
    }

    private CheckpointManifest(CheckpointManifest outer, string prefix, CheckpointOwner? owner, int since)
    {
        _entries = outer._entries;
        _names = outer._names;
        _listed = outer._listed;
        _since = Math.Max(since, outer._since);
        _prefix = $"{outer._prefix}{prefix}.";
        _owner = owner ?? outer._owner;
        Loading = outer.Loading;
        Registry = outer.Registry;
    }

    internal IReadOnlyList<CheckpointEntry> Entries => _entries;

    /// <summary>Whether values of parameters are listed.</summary>
    internal bool HasParameters => _entries.Exists(entry => entry.Owner is { State: null });

    /// <summary>What the list is wanted for; null: to be saved.</summary>
    internal CheckpointLoad? Loading { get; }

    /// <summary>The names of optimizers, schedules and clips.</summary>
    internal ConfigurationRegistry Registry { get; }

    /// <summary>The same list, with a prefix and a dot before the names: for a part of something that lists its own.</summary>
    /// <param name="prefix">What all names begin with.</param>
    public CheckpointManifest Under(string prefix) => Under(prefix, owner: null);

    /// <summary>Lists elements in float32.</summary>
    /// <param name="name">The name of the tensor in the file.</param>
    /// <param name="shape">The length of each dimension; none for a scalar.</param>
    /// <param name="elements">Gives the memory that is saved from and loaded into; as many elements as the shape has.</param>
    public void Tensor(string name, IReadOnlyList<int> shape, Func<Span<float>> elements) =>
        Tensor<float>(name, shape, elements);

    /// <summary>Lists elements in bfloat16.</summary>
    /// <inheritdoc cref="Tensor(string, IReadOnlyList{int}, Func{Span{float}})"/>
    public void Tensor(string name, IReadOnlyList<int> shape, Func<Span<BFloat16>> elements) =>
        Tensor<BFloat16>(name, shape, elements);

    /// <summary>Lists bytes.</summary>
    /// <inheritdoc cref="Tensor(string, IReadOnlyList{int}, Func{Span{float}})"/>
    public void Tensor(string name, IReadOnlyList<int> shape, Func<Span<byte>> elements) =>
        Tensor<byte>(name, shape, elements);

    /// <summary>Lists elements of another type of .NET's.</summary>
    /// <typeparam name="T">A type of 1, 2, 4 or 8 bytes that the format knows, such as <see cref="Half"/> or
    /// <see cref="ushort"/>.</typeparam>
    /// <exception cref="ArgumentException">The format does not know the type.</exception>
    /// <inheritdoc cref="Tensor(string, IReadOnlyList{int}, Func{Span{float}})"/>
    public void Tensor<T>(string name, IReadOnlyList<int> shape, Func<Span<T>> elements)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(elements);
        Add(new ElementsEntry<T>(name, [.. shape.Select(length => (long)length)], elements));
    }

    /// <summary>Lists a whole number from 0 on, which becomes a tensor of its own without dimensions.</summary>
    /// <param name="name">The name of the tensor in the file.</param>
    /// <param name="get">Gives the number that is saved.</param>
    /// <param name="set">Takes the number that was loaded, once everything has been found in order.</param>
    public void Counter(string name, Func<long> get, Action<long> set) => Counter(name, get, set, countsUpdates: false);

    /// <summary>Lists a number, which becomes a tensor of its own in float64, without dimensions.</summary>
    /// <param name="name">The name of the tensor in the file.</param>
    /// <param name="get">Gives the number that is saved.</param>
    /// <param name="set">Takes the number that was loaded, once everything has been found in order; any bits may come.</param>
    public void Scalar(string name, Func<double> get, Action<double> set)
    {
        ArgumentNullException.ThrowIfNull(get);
        ArgumentNullException.ThrowIfNull(set);
        Add(new ScalarEntry(name, get, set));
    }

    /// <summary>Lists a value that is kept as JSON.</summary>
    /// <param name="name">The key in the file's metadata.</param>
    /// <param name="get">Gives the JSON that is saved.</param>
    /// <param name="accept">
    /// Takes JSON that was found, checks it without changing anything, and gives what makes it count. Throws a
    /// <see cref="FormatException"/> whose message says what was expected, if it cannot be used.
    /// </param>
    public void Value(string name, Func<string> get, Func<string, Action> accept)
    {
        ArgumentNullException.ThrowIfNull(get);
        ArgumentNullException.ThrowIfNull(accept);
        Add(new ValueEntry(name, get, accept));
    }

    /// <summary>Lists the options of a part, which a load compares with those of the file. Version 3 added them.</summary>
    /// <param name="options">The options.</param>
    /// <param name="without">The options, as JSON names them, that change no bit or are kept elsewhere.</param>
    internal void Options<T>(T options, params string[] without)
        where T : class, new()
    {
        string place = Whole("options");
        Add(new ValueEntry("options", () => Write(options), json =>
        {
            new OptionsComparison(Loading!, Registry).Compare(
                place, JsonElement.Parse(json, OptionsComparison.Reading), JsonElement.Parse(Write(options)), JsonElement.Parse(Write(new T())));
            return () => { };
        })
        {
            Since = 3,
            ComparesOptions = true,
        });

        string Write(T value)
        {
            var json = (JsonObject)JsonSerializer.SerializeToNode(value, Registry.LenientContractOf<T>())!;
            Array.ForEach(without, name => json.Remove(name));
            return ConfigurationText.Write(writer => json.WriteTo(writer));
        }
    }

    /// <summary>Whether to list one of a number of things: if it is there, or when loading, if the file has it.</summary>
    internal bool Wants(string name, bool here) => Loading?.Has(Whole(name)) ?? here;

    /// <summary>Has something done once a load has taken over everything else of the parameter that this list belongs to.</summary>
    internal void WhenLoaded(Action action) => Loading?.Afterwards(_owner?.Parameter, action);

    internal void Counter(string name, Func<long> get, Action<long> set, bool countsUpdates)
    {
        ArgumentNullException.ThrowIfNull(get);
        ArgumentNullException.ThrowIfNull(set);
        Add(new CounterEntry(name, get, set) { CountsUpdates = countsUpdates });
    }

    /// <summary>The same list, with a prefix.</summary>
    /// <param name="prefix">What all names begin with.</param>
    /// <param name="owner">The parameter that everything in it belongs to; null: that of this list.</param>
    /// <param name="since">The version of the format that first had this; older files may lack it.</param>
    internal CheckpointManifest Under(string prefix, CheckpointOwner? owner, int since = 1)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        return new CheckpointManifest(this, prefix, owner, since);
    }

    /// <summary>Notes that something is listed here, wherever in the list that is.</summary>
    /// <returns>Whether it was not listed yet.</returns>
    internal bool Lists(object part) => _listed.Add(part);

    /// <summary>Whether something was listed.</summary>
    internal bool HasListed(object part) => _listed.Contains(part);

    /// <summary>Lists an entry under the prefix of this list.</summary>
    internal void Add(CheckpointEntry entry)
    {
        string name = Whole(entry.Name);
        if (!_names.Add(name))
        {
            throw new ArgumentException($"\"{name}\" is listed twice.");
        }

        _entries.Add(entry with { Name = name, Owner = entry.Owner ?? _owner, Since = Math.Max(entry.Since, _since) });
    }

    private string Whole(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return _prefix + name;
    }
}
