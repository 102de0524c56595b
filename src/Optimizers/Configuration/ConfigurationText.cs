using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Optimizers.Configuration;

/// <summary>Parses JSON from strings and writes it to strings.</summary>
internal static class ConfigurationText
{
    /// <summary>The property with the name of an optimizer, a schedule or a clip.</summary>
    public const string Kind = "kind";

    /// <summary>The property with the text of a value that is in no registry. No option can have this name.</summary>
    public const string Text = "$text";

    /// <summary>The maximum depth of documents. Deeper text throws before it can overflow the stack.</summary>
    public const int MaximumDepth = 128;

    public static JsonElement Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            return JsonElement.Parse(json, new JsonDocumentOptions { MaxDepth = MaximumDepth });
        }
        catch (JsonException exception)
        {
            // The framework counts lines and bytes from 0, and gives them at the end of its message.
            string reason = exception.Message.Split(" LineNumber:")[0];
            throw new ArgumentException(
                $"The configuration is not valid JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}: {reason}", nameof(json), exception);
        }
    }

    public static bool IsKind(JsonProperty property) => string.Equals(property.Name, Kind, StringComparison.OrdinalIgnoreCase);

    public static bool HasKind(JsonElement json) => json.ValueKind == JsonValueKind.Object && json.EnumerateObject().Any(IsKind);

    public static string Write(Action<Utf8JsonWriter> write, bool indented = false)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var options = new JsonWriterOptions
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Indented = indented,
            NewLine = "\n",
        };
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            write(writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The text of a value, in invariant culture.</summary>
    public static string Of(object? value)
    {
        CultureInfo culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            return value?.ToString() ?? string.Empty;
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }
}
