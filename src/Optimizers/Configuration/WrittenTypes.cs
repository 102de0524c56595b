using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>
/// The library's types of the values that a checkpoint has written. They need no registry, because each value refers to its
/// contract.
/// </summary>
/// <param name="registry">The registry; its names take precedence.</param>
internal sealed class WrittenTypes(ConfigurationRegistry registry) : IJsonTypeInfoResolver
{
    private readonly ConcurrentDictionary<Type, NamedType> _types = new();

    /// <summary>Adds the type of a value; false if the type has no name, or the registry uses its name for another
    /// type.</summary>
    public bool Add(object value)
    {
        if (value is not INamed named || registry.Find(named.Named.Name) is not null)
        {
            return false;
        }

        _types.TryAdd(value.GetType(), named.Named);
        return true;
    }

    public NamedType? Find(Type type) => _types.GetValueOrDefault(type);

    public NamedType? Find(string name) => _types.Values.FirstOrDefault(type => type.Name == name);

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) =>
        _types.Values.Select(named => named.Contracts.GetTypeInfo(type, options)).FirstOrDefault(contract => contract is not null);
}
