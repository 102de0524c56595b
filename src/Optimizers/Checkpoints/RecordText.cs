using System.Globalization;
using System.Text.Json;

namespace Optimizers.Checkpoints;

/// <summary>
/// Options as JSON, by the text that every record gives of itself: the compiler writes it, so that options of anybody's
/// take part without reflection. Numbers are written so that they are the same when they are read.
/// </summary>
internal static class RecordText
{
    /// <summary>The property that has the name of the record.</summary>
    public const string Kind = "kind";

    /// <summary>Writes a record as an object, and anything else as its text.</summary>
    public static void Write(Utf8JsonWriter writer, object? value) => WriteText(writer, TextOf(value));

    /// <summary>Every value of an object, by the path to it.</summary>
    public static Dictionary<string, string> Flatten(JsonElement element)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        Flatten(element, string.Empty, values);
        return values;
    }

    /// <summary>Whether two values are the same; numbers may be written in several ways.</summary>
    public static bool AreSame(string? one, string? other) =>
        one == other || (TryNumber(one, out double number) && TryNumber(other, out double same) && number == same);

    /// <summary>
    /// Whether a value does not say what it is, but only of which type: a function, or a list. Two of them cannot be told
    /// apart.
    /// </summary>
    public static bool IsOpaque(string value) =>
        value.Length > 0
        && (char.IsLetter(value[0]) || value[0] == '_')
        && value.Contains('.', StringComparison.Ordinal)
        && !value.Contains(' ', StringComparison.Ordinal);

    private static string TextOf(object? value)
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

    private static void WriteText(Utf8JsonWriter writer, string text)
    {
        int start = text.IndexOf(" {", StringComparison.Ordinal);
        if (start > 0 && text.EndsWith('}') && text.AsSpan(0, start).IndexOfAny(' ', ',') < 0)
        {
            writer.WriteStartObject();
            writer.WriteString(Kind, text.AsSpan(0, start));
            foreach ((string name, string value) in Members(text[Math.Min(start + 3, text.Length - 1)..^1]))
            {
                writer.WritePropertyName(name);
                WriteText(writer, value);
            }

            writer.WriteEndObject();
        }
        else
        {
            WriteLeaf(writer, text);
        }
    }

    private static void WriteLeaf(Utf8JsonWriter writer, string text)
    {
        if (text.Length == 0)
        {
            writer.WriteNullValue();
        }
        else if (text is "True" or "False")
        {
            writer.WriteBooleanValue(text == "True");
        }
        else if (TryNumber(text, out double number) && double.IsFinite(number))
        {
            writer.WriteRawValue(text);
        }
        else
        {
            writer.WriteStringValue(text);
        }
    }

    // "A = 1, B = C { D = 2, E = 3 } " by its outermost commas; a space follows the last member.
    private static IEnumerable<(string Name, string Value)> Members(string text)
    {
        int depth = 0;
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            char character = i < text.Length ? text[i] : ' ';
            depth += character is '{' or '[' or '(' ? 1 : character is '}' or ']' or ')' ? -1 : 0;
            bool ends = i == text.Length || (depth == 0 && text.AsSpan(i).StartsWith(", "));
            if (ends && i > start)
            {
                string member = i == text.Length && text[^1] == ' ' ? text[start..^1] : text[start..i];
                int equals = member.IndexOf(" = ", StringComparison.Ordinal);
                yield return equals < 0
                    ? (member, string.Empty)
                    : (member[..equals], member[(equals + 3)..]);
                start = i + 2;
            }
        }
    }

    private static void Flatten(JsonElement element, string path, Dictionary<string, string> values)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            values[path] = element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
            return;
        }

        foreach (JsonProperty property in element.EnumerateObject())
        {
            Flatten(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}", values);
        }
    }

    private static bool TryNumber(string? text, out double number) => double.TryParse(
        text,
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
        CultureInfo.InvariantCulture,
        out number);
}
