using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>Names of one kind of thing, and the types that they stand for. It never changes.</summary>
/// <param name="what">What the names are names of.</param>
/// <param name="entries">The names with their rows.</param>
/// <param name="check">Checks a value after it is read, where its constructor does not.</param>
internal sealed class ContractList(string what, IEnumerable<ContractEntry> entries, Action<object>? check = null)
{
    private readonly ContractEntry[] _entries = [.. entries.OrderBy(entry => entry.Name, StringComparer.Ordinal)];

    /// <summary>What the names are names of: "optimizer", for example.</summary>
    public string What => what;

    public Action<object>? Check => check;

    /// <summary>The names, in alphabetical order.</summary>
    public IReadOnlyList<string> Names => field ??= Array.AsReadOnly(Array.ConvertAll(_entries, entry => entry.Name));

    public IReadOnlyList<ContractEntry> Entries => _entries;

    /// <summary>The rows of a table of the library: one a property.</summary>
    public static IEnumerable<ContractEntry> RowsOf<TTable>(TTable table, JsonTypeInfo<TTable> contract)
        where TTable : class =>
        contract.Properties.Select(property => new ContractEntry(property.Name, (Row)property.Get!(table)!, IsOwn: false));

    public ContractEntry? Find(string name) =>
        Array.Find(_entries, entry => string.Equals(entry.Name, name, StringComparison.OrdinalIgnoreCase));

    public ContractEntry? Find(Type type) => Array.Find(_entries, entry => entry.Row.Type == type);

    public ContractList With(ContractEntry added) => new(what, [.. _entries, added], check);

    /// <summary>The same list without the user's types of some names.</summary>
    public ContractList Without(IReadOnlySet<string> types) =>
        new(what, _entries.Where(entry => !entry.IsOwn || !types.Contains(entry.Row.Type.Name)), check);
}

/// <summary>A name with what it stands for.</summary>
/// <param name="Name">The name.</param>
/// <param name="Row">The type and its defaults.</param>
/// <param name="IsOwn">Whether a user has registered it.</param>
internal sealed record ContractEntry(string Name, Row Row, bool IsOwn);
