using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Optimizers.Configuration;

/// <summary>JSON in and out of strings.</summary>
internal static class ConfigurationText
{
    /// <summary>The property that says what an object is of.</summary>
    public const string Kind = "kind";

    private static readonly JsonWriterOptions _writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonElement Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            return JsonElement.Parse(json);
        }
        catch (JsonException exception)
        {
            throw new ArgumentException($"The configuration is no JSON: {exception.Message}", nameof(json), exception);
        }
    }

    public static bool IsKind(JsonProperty property) => string.Equals(property.Name, Kind, StringComparison.OrdinalIgnoreCase);

    public static bool HasKind(JsonElement json) => json.ValueKind == JsonValueKind.Object && json.EnumerateObject().Any(IsKind);

    public static string Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, _writing))
        {
            write(writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
