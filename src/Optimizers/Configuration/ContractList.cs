namespace Optimizers.Configuration;

/// <summary>The names of one kind of value, with their types. Immutable.</summary>
/// <param name="what">The kind of value, for messages.</param>
/// <param name="types">The types with their names.</param>
/// <param name="check">Checks a value after it is read, if its constructor does not.</param>
internal sealed class ContractList(string what, IEnumerable<NamedType> types, Action<object>? check = null)
{
    private readonly NamedType[] _types = [.. types.OrderBy(type => type.Name, StringComparer.Ordinal)];

    /// <summary>The kind of value, for example "optimizer".</summary>
    public string What => what;

    public Action<object>? Check => check;

    /// <summary>The names, in alphabetical order.</summary>
    public IReadOnlyList<string> Names => field ??= Array.AsReadOnly(Array.ConvertAll(_types, type => type.Name));

    public IReadOnlyList<NamedType> Types => _types;

    public NamedType? Find(string name) =>
        Array.Find(_types, type => string.Equals(type.Name, name, StringComparison.OrdinalIgnoreCase));

    public NamedType? Find(Type type) => Array.Find(_types, named => named.Type == type);

    public ContractList With(NamedType added) => new(what, [.. _types, added], check);

    /// <summary>Returns the list without some names of the user's types.</summary>
    public ContractList Without(IReadOnlySet<string> names) =>
        new(what, _types.Where(type => !type.IsOwn || !names.Contains(type.Type.Name)), check);
}
