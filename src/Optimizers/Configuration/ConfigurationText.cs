using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Optimizers.Configuration;

/// <summary>JSON in and out of strings.</summary>
internal static class ConfigurationText
{
    /// <summary>The property that has the name of an optimizer, a schedule or a clip.</summary>
    public const string Kind = "kind";

    /// <summary>The property that has the text of a value which no registry knows. No option can have this name.</summary>
    public const string Text = "$text";

    /// <summary>How deep documents may be. Text that is deeper is refused before it can use up the stack.</summary>
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
            // The framework counts lines and bytes from 0, and says so at the end of its message.
            string reason = exception.Message.Split(" LineNumber:")[0];
            throw new ArgumentException(
                $"The configuration is no JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}: {reason}", nameof(json), exception);
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

    /// <summary>The text that a value gives of itself, in invariant culture.</summary>
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
