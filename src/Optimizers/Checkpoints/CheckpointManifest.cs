using System.Text.Json;
using System.Text.Json.Nodes;

namespace Optimizers.Checkpoints;

/// <summary>
/// The list of a checkpoint's contents: tensors and counters, which become tensors of the file, and values, which become JSON
/// strings in its metadata. Names are unique; dots separate their parts.
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

    /// <summary>The load that the list is made for; null if it is made for a save.</summary>
    internal CheckpointLoad? Loading { get; }

    /// <summary>The names of optimizers, schedules and clips.</summary>
    internal ConfigurationRegistry Registry { get; }

    /// <summary>The same list, with a prefix and a dot before the names. Use it for a part that lists its own contents.</summary>
    /// <param name="prefix">The prefix of all names.</param>
    public CheckpointManifest Under(string prefix) => Under(prefix, owner: null);

    /// <summary>Lists elements in float32.</summary>
    /// <param name="name">The name of the tensor in the file.</param>
    /// <param name="shape">The length of each dimension; empty for a scalar.</param>
    /// <param name="elements">Returns the memory to save from and load into. Its length must be the product of the shape.</param>
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

    /// <summary>Lists elements of another .NET type.</summary>
    /// <typeparam name="T">A type of 1, 2, 4 or 8 bytes that the format has, such as <see cref="Half"/> or
    /// <see cref="ushort"/>.</typeparam>
    /// <exception cref="ArgumentException">The format does not have the type.</exception>
    /// <inheritdoc cref="Tensor(string, IReadOnlyList{int}, Func{Span{float}})"/>
    public void Tensor<T>(string name, IReadOnlyList<int> shape, Func<Span<T>> elements)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(elements);
        Add(new ElementsEntry<T>(name, [.. shape.Select(length => (long)length)], elements));
    }

    /// <summary>Lists a whole number of at least 0, which becomes a tensor without dimensions.</summary>
    /// <param name="name">The name of the tensor in the file.</param>
    /// <param name="get">Returns the number to save.</param>
    /// <param name="set">Receives the loaded number, after all checks have passed.</param>
    public void Counter(string name, Func<long> get, Action<long> set) => Counter(name, get, set, countsUpdates: false);

    /// <summary>Lists a number, which becomes a float64 tensor without dimensions.</summary>
    /// <param name="name">The name of the tensor in the file.</param>
    /// <param name="get">Returns the number to save.</param>
    /// <param name="set">Receives the loaded number, after all checks have passed. It may be any double, also NaN.</param>
    public void Scalar(string name, Func<double> get, Action<double> set)
    {
        ArgumentNullException.ThrowIfNull(get);
        ArgumentNullException.ThrowIfNull(set);
        Add(new ScalarEntry(name, get, set));
    }

    /// <summary>Lists a value that is stored as JSON.</summary>
    /// <param name="name">The key in the file's metadata.</param>
    /// <param name="get">Returns the JSON to save.</param>
    /// <param name="accept">
    /// Receives the JSON of the file and checks it without changing anything. Returns the action that applies it, or throws a
    /// <see cref="FormatException"/> whose message says what was expected.
    /// </param>
    public void Value(string name, Func<string> get, Func<string, Action> accept)
    {
        ArgumentNullException.ThrowIfNull(get);
        ArgumentNullException.ThrowIfNull(accept);
        Add(new ValueEntry(name, get, accept));
    }

    /// <summary>Lists the options of a part. A load compares them with those of the file. Version 3 of the format added them.</summary>
    /// <param name="options">The options.</param>
    /// <param name="without">The JSON names of options to leave out, because they change no bit or are stored elsewhere.</param>
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

    /// <summary>Whether to list an optional item: in a save, if it exists here; in a load, if the file has it.</summary>
    internal bool Wants(string name, bool here) => Loading?.Has(Whole(name)) ?? here;

    /// <summary>Adds an action that a load runs after it has copied everything. A save does not run it.</summary>
    /// <param name="action">The action, for example to hand a copied buffer to another library. It must not throw.</param>
    public void WhenLoaded(Action action) => Loading?.Afterwards(_owner?.Parameter, action);

    internal void Counter(string name, Func<long> get, Action<long> set, bool countsUpdates)
    {
        ArgumentNullException.ThrowIfNull(get);
        ArgumentNullException.ThrowIfNull(set);
        Add(new CounterEntry(name, get, set) { CountsUpdates = countsUpdates });
    }

    /// <summary>The same list, with a prefix.</summary>
    /// <param name="prefix">The prefix of all names.</param>
    /// <param name="owner">The parameter that the items belong to; null: that of this list.</param>
    /// <param name="since">The first version of the format with these items. Older files may lack them.</param>
    internal CheckpointManifest Under(string prefix, CheckpointOwner? owner, int since = 1)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        return new CheckpointManifest(this, prefix, owner, since);
    }

    /// <summary>Records that an object is listed in this manifest, under any prefix.</summary>
    /// <returns>Whether it was not listed before.</returns>
    internal bool Lists(object part) => _listed.Add(part);

    /// <summary>Whether an object has been listed.</summary>
    internal bool HasListed(object part) => _listed.Contains(part);

    /// <summary>Adds an item under the prefix of this list.</summary>
    internal void Add(CheckpointEntry entry)
    {
        string name = Whole(entry.Name);
        if (!_names.Add(name))
        {
            throw new ArgumentException($"\"{name}\" is listed twice. Each name must be unique in a checkpoint.");
        }

        _entries.Add(entry with { Name = name, Owner = entry.Owner ?? _owner, Since = Math.Max(entry.Since, _since) });
    }

    private string Whole(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return _prefix + name;
    }
}
