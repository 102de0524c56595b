using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>Names, and the types of the values that JSON objects of that kind make.</summary>
/// <param name="what">What the names are names of.</param>
/// <param name="nameOf">The name of a type.</param>
/// <param name="rows">The types in alphabetical order of their names, and a value that has the defaults of init properties; null
/// where there are none. The serializer knows the defaults of a constructor's parameters only.</param>
internal sealed class ConfigurationTable<T>(string what, Converter<Type, string> nameOf, (Type Type, T? Defaults)[] rows)
    where T : class
{
    public IReadOnlyList<string> Names { get; } = Array.AsReadOnly(Array.ConvertAll(rows, row => nameOf(row.Type)));

    /// <param name="name">The name; null: the object says it.</param>
    /// <param name="json">The object.</param>
    public T Read(string? name, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new ArgumentException($"The configuration of {Articled(what)} must be an object, not {json.GetRawText()}.", nameof(json));
        }

        (Type type, T? defaults) = Row(name ?? KindOf(json), name is null ? nameof(json) : nameof(name));
        string known = nameOf(type);
        JsonTypeInfo info = ConfigurationJson.InfoOf(type);
        JsonObject whole = defaults is null ? [] : DefaultsOf(info, ConfigurationJson.NodeOf(defaults, type));
        string[] properties = [.. info.Properties.Select(property => property.Name)];
        var given = new HashSet<string>();
        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (ConfigurationText.IsKind(property))
            {
                continue;
            }

            string option = Array.Find(properties, candidate => string.Equals(candidate, property.Name, StringComparison.OrdinalIgnoreCase))
                ?? throw Unknown($"{known} has no option", property.Name, properties, nameof(json));
            if (!given.Add(option))
            {
                throw new ArgumentException($"The option \"{option}\" of {known} is given twice.", nameof(json));
            }

            if (ConfigurationValue.WhyNot(info.Properties[Array.IndexOf(properties, option)], property.Value) is { } problem)
            {
                throw new ArgumentException($"The option \"{option}\" of {known} {problem}.", nameof(json));
            }

            whole[option] = JsonNode.Parse(property.Value.GetRawText());
        }

        return Make(known, info, whole);
    }

    public void Write(Utf8JsonWriter writer, T value)
    {
        if (!Array.Exists(rows, row => row.Type == value.GetType()))
        {
            throw new ArgumentException(
                $"{value.GetType().Name} is no {what} of the library that can be written as data.", nameof(value));
        }

        writer.WriteStartObject();
        writer.WriteString(ConfigurationText.Kind, nameOf(value.GetType()));
        foreach ((string option, JsonNode? node) in ConfigurationJson.NodeOf(value, value.GetType()))
        {
            writer.WritePropertyName(option);
            if (node is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                node.WriteTo(writer);
            }
        }

        writer.WriteEndObject();
    }

    private static JsonObject DefaultsOf(JsonTypeInfo info, JsonObject values)
    {
        foreach (JsonPropertyInfo property in info.Properties)
        {
            if (property.AssociatedParameter is { IsMemberInitializer: false })
            {
                values.Remove(property.Name);
            }
        }

        return values;
    }

    private static string Articled(string noun) => "aeiou".Contains(noun[0], StringComparison.Ordinal) ? $"an {noun}" : $"a {noun}";

    private static T Make(string known, JsonTypeInfo info, JsonObject json)
    {
        string[] missing =
        [
            .. info.Properties
                .Where(property => property.AssociatedParameter is { IsMemberInitializer: false, HasDefaultValue: false } && !json.ContainsKey(property.Name))
                .Select(property => property.Name),
        ];
        if (missing.Length > 0)
        {
            throw new ArgumentException($"{known} needs {string.Join(", ", missing)}.", nameof(json));
        }

        try
        {
            return (T)ConfigurationJson.Make(info, JsonSerializer.SerializeToUtf8Bytes(json, ConfigurationContext.Default.JsonObject));
        }
        catch (JsonException exception)
        {
            throw new ArgumentException(
                $"The option \"{exception.Path?.TrimStart('$', '.')}\" of {known} has a value that cannot be read: {exception.Message}",
                nameof(json),
                exception);
        }
    }

    private string KindOf(JsonElement json)
    {
        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (ConfigurationText.IsKind(property))
            {
                return property.Value.ValueKind == JsonValueKind.String
                    ? property.Value.GetString()!
                    : throw new ArgumentException($"The \"{ConfigurationText.Kind}\" of {Articled(what)} must be its name, not {property.Value.GetRawText()}.", nameof(json));
            }
        }

        throw new ArgumentException($"The configuration has no \"{ConfigurationText.Kind}\", the name of {Articled(what)}: {string.Join(", ", Names)}.", nameof(json));
    }

    private (Type Type, T? Defaults) Row(string name, string argument)
    {
        int row = Array.FindIndex(rows, row => string.Equals(nameOf(row.Type), name, StringComparison.OrdinalIgnoreCase));
        return row >= 0 ? rows[row]
            : ConfigurationKinds.WhoHas(name) is { } other
                ? throw new ArgumentException($"{other}; it is no {what}.", argument)
            : throw Unknown($"There is no {what}", name, Names, argument);
    }

    private static ArgumentException Unknown(string problem, string name, IEnumerable<string> valid, string argument) =>
        new($"{problem} \"{name}\"; there is, the nearest first: {string.Join(", ", Nearest.Order(valid, name))}.", argument);
}
