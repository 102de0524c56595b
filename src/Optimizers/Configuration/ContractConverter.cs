using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>Values whose property "kind" has the name of their type: an optimizer, a schedule or a clip.</summary>
/// <param name="list">The names and types.</param>
/// <param name="written">Takes the types of the library that the list does not have, and everything else is written as its text. Null: both
/// are refused.</param>
internal sealed class ContractConverter<T>(ContractList list, WrittenTypes? written) : JsonConverter<T>
    where T : class
{
    /// <summary>Reads what <see cref="ContractReader"/> has checked and completed.</summary>
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
            // The serializer completes the path of an exception of this type, and of no other.
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
                $"{value.GetType().Name} is no {list.What} that the registry knows, so it cannot be written as data. Register it with {nameof(ConfigurationRegistry)}.With…, unless it holds a function.",
                nameof(value));
        }
    }
}
