using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>
/// Reads values from JSON in two steps. The first step checks every name and every type, and fills in defaults, because the
/// serializer knows only the defaults of constructors. The second step creates the value. Messages give the path to the mistake.
/// </summary>
internal sealed class ContractReader(ConfigurationRegistry registry)
{
    /// <summary>Reads a value of a named type.</summary>
    /// <param name="list">The names and their types.</param>
    /// <param name="name">The name; null if the property "kind" holds it.</param>
    /// <param name="json">The JSON object.</param>
    public object Read(ContractList list, string? name, JsonElement json)
    {
        (NamedType entry, JsonObject complete) = Complete(list, name, json, string.Empty);
        object value = Make(entry.Name, registry.ContractOf(entry.Type), complete);
        list.Check?.Invoke(value);
        return value;
    }

    /// <summary>Reads a value of a given type.</summary>
    public T Read<T>(string what, T defaults, JsonElement json)
        where T : class
    {
        JsonTypeInfo contract = registry.ContractOf(typeof(T));
        return (T)Make(what, contract, Complete(contract, what, defaults, json, string.Empty));
    }

    /// <summary>Creates an exception about an option, with its path if it is in a nested object.</summary>
    public static ArgumentException Problem(string path, string problem, Exception? cause = null, string argument = "json") =>
        new(path.AsSpan().IndexOfAny('.', '[') < 0 ? problem : $"{path}: {problem}", argument, cause);

    /// <summary>Creates an exception about an object, with its path unless it is the whole document.</summary>
    public static ArgumentException ProblemWithin(string path, string problem, Exception? cause = null, string argument = "json") =>
        new(path.Length == 0 ? problem : $"{path}: {problem}", argument, cause);

    /// <summary>Converts an exception of a constructor into one with the path to the argument.</summary>
    public static JsonException Located(ArgumentException exception, JsonTypeInfo contract) => new(
        exception.Message,
        $"${(OptionOf(contract, exception.ParamName) is { } option ? $".{option}" : string.Empty)}",
        null,
        null,
        exception);

    /// <summary>The name of the option that belongs to an argument of a constructor or of a check; null if no option has this
    /// name.</summary>
    public static string? OptionOf(JsonTypeInfo contract, string? argument) =>
        Options(contract).FirstOrDefault(option => string.Equals(option.Name, argument, StringComparison.OrdinalIgnoreCase))?.Name;

    /// <summary>The options of a contract: its properties except the name of the type.</summary>
    public static IEnumerable<JsonPropertyInfo> Options(JsonTypeInfo contract) =>
        contract.Properties.Where(property => property.Set is not null || property.AssociatedParameter is not null);

    /// <summary>The defaults of a contract, as JSON: those of init properties and of constructor parameters.</summary>
    public static JsonObject DefaultsOf(JsonTypeInfo contract, object? defaults)
    {
        var values = new JsonObject();
        foreach (JsonPropertyInfo property in Options(contract))
        {
            if (property.IsRequired)
            {
                continue;
            }

            if (property.AssociatedParameter is { IsMemberInitializer: false } parameter)
            {
                if (parameter.HasDefaultValue)
                {
                    values[property.Name] = NodeOf(parameter.DefaultValue, property.PropertyType, contract);
                }
            }
            else if (defaults is not null)
            {
                values[property.Name] = NodeOf(property.Get!(defaults), property.PropertyType, contract);
            }
        }

        return values;
    }

    private static JsonNode? NodeOf(object? value, Type type, JsonTypeInfo contract) =>
        value is null ? null : JsonSerializer.SerializeToNode(value, contract.Options.GetTypeInfo(type));

    /// <summary>A noun with its indefinite article, "a" or "an".</summary>
    public static string Articled(string noun) => "AEIOUaeiou".Contains(noun[0], StringComparison.Ordinal) ? $"an {noun}" : $"a {noun}";

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private (NamedType Entry, JsonObject Complete) Complete(ContractList list, string? name, JsonElement json, string path)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw ProblemWithin(path, $"The configuration of {Articled(list.What)} must be an object, not {Shown(json)}.");
        }

        NamedType entry = Find(list, name ?? KindOf(list, json, path), path, name is null ? nameof(json) : nameof(name));
        JsonObject complete = Complete(registry.ContractOf(entry.Type), entry.Name, entry.Defaults, json, path);
        complete.Insert(0, ConfigurationText.Kind, entry.Name);
        return (entry, complete);
    }

    private JsonObject Complete(JsonTypeInfo contract, string known, object? defaults, JsonElement json, string path)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw ProblemWithin(path, $"The configuration of {Articled(known)} must be an object, not {Shown(json)}.");
        }

        JsonObject complete = DefaultsOf(contract, defaults);
        JsonPropertyInfo[] options = [.. Options(contract)];
        bool hasKind = contract.Properties.Any(property => property.Name == ConfigurationText.Kind);
        var given = new HashSet<string>();
        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (hasKind && ConfigurationText.IsKind(property))
            {
                if (!given.Add(ConfigurationText.Kind))
                {
                    throw Problem(Join(path, ConfigurationText.Kind), $"\"{ConfigurationText.Kind}\" is given twice. Remove one of them.");
                }

                continue;
            }

            JsonPropertyInfo option = Array.Find(options, option => string.Equals(option.Name, property.Name, StringComparison.OrdinalIgnoreCase))
                ?? throw Problem(Join(path, property.Name), Unknown($"{known} has no option", property.Name, options.Select(option => option.Name)));
            if (!given.Add(option.Name))
            {
                throw Problem(Join(path, option.Name), $"The option \"{option.Name}\" of {known} is given twice. Remove one of them.");
            }

            complete[option.Name] = Complete(option, known, property.Value, Join(path, option.Name));
        }

        string[] missing = [.. options.Where(option => !complete.ContainsKey(option.Name) && IsNeeded(option)).Select(option => option.Name)];
        return missing.Length == 0 ? complete : throw ProblemWithin(path, $"{known} needs {string.Join(", ", missing)}.");
    }

    private static bool IsNeeded(JsonPropertyInfo option) =>
        option.IsRequired || option.AssociatedParameter is { IsMemberInitializer: false, HasDefaultValue: false };

    private JsonNode? Complete(JsonPropertyInfo option, string known, JsonElement json, string path)
    {
        Type type = option.PropertyType;
        if (json.ValueKind == JsonValueKind.Null && ConfigurationValue.MayBeNull(option))
        {
            return null;
        }

        if (ConfigurationValue.WhyNot(type, json) is { } problem)
        {
            throw Problem(path, $"The option \"{option.Name}\" of {known} {problem}.");
        }

        if (registry.ListOf(type) is { } list)
        {
            return Complete(list, null, json, path).Complete;
        }

        if (type == typeof(LossScalerOptions))
        {
            return Complete(registry.ContractOf(type), "LossScaler", new LossScalerOptions(), json, path);
        }

        if (type == typeof(ParameterFilter))
        {
            return json.ValueKind == JsonValueKind.Object
                ? Complete(registry.ContractOf(typeof(ParameterFilter.Data)), "where", new ParameterFilter.Data(), json, path)
                : Copy(json);
        }

        return json.ValueKind switch
        {
            JsonValueKind.Array when typeof(IReadOnlyList<ILrSchedule>).IsAssignableFrom(type) =>
                List(json, (item, at) => Complete(registry.ListOf(typeof(ILrSchedule))!, null, item, at).Complete),
            JsonValueKind.Array when typeof(IReadOnlyList<GroupConfiguration>).IsAssignableFrom(type) => List(json, (item, at) => Complete(
                registry.ContractOf(typeof(GroupConfiguration)), "group", GroupConfiguration.Defaults, item, at)),
            JsonValueKind.Array when typeof(IReadOnlyList<long>).IsAssignableFrom(type) => List(json, (item, _) => Whole(item)),
            JsonValueKind.Number when ConfigurationValue.IsWhole(type) => Whole(json),
            _ => Copy(json),
        };

        JsonArray List(JsonElement items, Func<JsonElement, string, JsonNode?> element) =>
            [.. items.EnumerateArray().Select((item, index) => element(item, $"{path}[{index}]"))];
    }

    // "1e3" is a whole number too, but the serializer does not read whole numbers in this form.
    private static JsonValue Whole(JsonElement json) => JsonValue.Create((long)json.GetDecimal());

    private static JsonNode? Copy(JsonElement json) =>
        JsonNode.Parse(json.GetRawText(), null, new JsonDocumentOptions { MaxDepth = ConfigurationText.MaximumDepth });

    private static object Make(string known, JsonTypeInfo contract, JsonObject complete)
    {
        try
        {
            return JsonSerializer.Deserialize(complete, contract)!;
        }
        catch (JsonException exception)
        {
            (string path, JsonException cause) = Innermost(exception);
            throw cause.InnerException is ArgumentException inner
                ? Problem(path, MessageOf(inner), exception)
                : Problem(path, $"The option \"{path}\" of {known} has a value that cannot be read: {cause.Message}", exception);
        }
        catch (Exception exception) when (exception is InvalidOperationException or NotSupportedException)
        {
            throw new ArgumentException($"{known} cannot be read by its JSON contract: {exception.Message}", nameof(complete), exception);
        }
    }

    /// <summary>The message without the name of the argument, because the path contains it.</summary>
    public static string MessageOf(ArgumentException exception) =>
        exception.Message.Replace($" (Parameter '{exception.ParamName}')", string.Empty, StringComparison.Ordinal);

    private static (string Path, JsonException Cause) Innermost(JsonException exception)
    {
        string path = string.Empty;
        for (JsonException at = exception; ; at = (JsonException)at.InnerException)
        {
            path += at.Path?.TrimStart('$');
            if (at.InnerException is not JsonException)
            {
                return (path.TrimStart('.'), at);
            }
        }
    }

    private static string KindOf(ContractList list, JsonElement json, string path)
    {
        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (ConfigurationText.IsKind(property))
            {
                return property.Value.ValueKind == JsonValueKind.String
                    ? property.Value.GetString()!
                    : throw Problem(
                        Join(path, ConfigurationText.Kind),
                        $"The \"{ConfigurationText.Kind}\" of {Articled(list.What)} must be its name, not {Shown(property.Value)}.");
            }
        }

        throw ProblemWithin(
            path, $"The configuration has no \"{ConfigurationText.Kind}\". Set it to the name of {Articled(list.What)}: {string.Join(", ", list.Names)}.");
    }

    private NamedType Find(ContractList list, string name, string path, string argument) =>
        list.Find(name)
            ?? (ConfigurationKinds.WhoHas(name, registry) is { } other
                ? throw Problem(Join(path, ConfigurationText.Kind), $"{Quoted.Name(name)} is not the name of {Articled(list.What)} that can be configured here. {other}.", argument: argument)
                : throw Problem(Join(path, ConfigurationText.Kind), Unknown($"There is no {list.What}", name, list.Names), argument: argument));

    private static string Unknown(string problem, string name, IEnumerable<string> valid) => name.Length > 100
        ? $"{problem} {Quoted.Name(name)}."
        : $"{problem} {Quoted.Name(name)}. The valid names, most similar first, are: {string.Join(", ", Nearest.Order(valid, name))}.";

    private static string Shown(JsonElement json) => ConfigurationValue.Shown(json);
}
