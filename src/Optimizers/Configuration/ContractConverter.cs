using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>Reads and writes values whose property "kind" holds the name of their type: optimizers, schedules and
/// clips.</summary>
/// <param name="list">The names and types.</param>
/// <param name="written">Collects the library's types that are not in the list; other values are then written as their text.
/// Null: both throw.</param>
internal sealed class ContractConverter<T>(ContractList list, WrittenTypes? written) : JsonConverter<T>
    where T : class
{
    /// <summary>Reads JSON that <see cref="ContractReader"/> has checked and completed.</summary>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var json = JsonElement.ParseValue(ref reader);
        NamedType named = list.Find(json.GetProperty(ConfigurationText.Kind).GetString()!)!;
        JsonTypeInfo contract = options.GetTypeInfo(named.Type);
        try
        {
            var value = (T)JsonSerializer.Deserialize(json, contract)!;
            list.Check?.Invoke(value);
            return value;
        }
        catch (ArgumentException exception)
        {
            // The serializer completes the path of a JsonException, and of no other exception.
            throw new JsonException(null, null, null, null, ContractReader.Located(exception, contract));
        }
        catch (JsonException exception)
        {
            throw new JsonException(exception.Message, null, null, null, exception);
        }
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        if (list.Find(value.GetType()) is not null || written?.Add(value) == true)
        {
            JsonSerializer.Serialize(writer, value, options.GetTypeInfo(value.GetType()));
        }
        else if (written is not null)
        {
            writer.WriteStartObject();
            writer.WriteString(ConfigurationText.Kind, value.GetType().Name);
            writer.WriteString(ConfigurationText.Text, ConfigurationText.Of(value));
            writer.WriteEndObject();
        }
        else
        {
            throw new ArgumentException(
                $"{value.GetType().Name} is not {ContractReader.Articled(list.What)} that the registry knows, so it cannot be written as data. Register it with {nameof(ConfigurationRegistry)}.With…, unless it holds a function.",
                nameof(value));
        }
    }
}
