using System.Globalization;
using System.Text.Json;

namespace Optimizers.Checkpoints;

/// <summary>
/// Compares options with files of versions 1 and 2, and is used for nothing else. Those versions wrote options as the text of a record,
/// converted to JSON. This class converts the options of this program to the same form, and then compares both.
/// </summary>
internal static class FormerFormats
{
    /// <summary>The property with the name of the record.</summary>
    private const string Kind = "kind";

    /// <summary>The last version of the format that is read here.</summary>
    public const int LastVersion = 2;

    /// <summary>The form in which those versions wrote the options of a model.</summary>
    public static JsonElement OptionsOf(ModelOptimizerOptions options) =>
        ElementOf(options with { Name = "", Threads = 0, MeasureUpdates = false, LossScaler = null, MeterFactory = null });

    /// <summary>Converts a record to an object, and any other value to its text.</summary>
    public static JsonElement ElementOf(object? value) =>
        JsonElement.Parse(ConfigurationText.Write(writer => WriteText(writer, ConfigurationText.Of(value))));

    /// <summary>Records the options that differ from the file.</summary>
    public static void Compare(CheckpointLoad loading, string place, JsonElement there, JsonElement here)
    {
        Dictionary<string, string> valuesThere = Flatten(there);
        Dictionary<string, string> valuesHere = Flatten(here);
        foreach (string name in valuesThere.Keys.Union(valuesHere.Keys))
        {
            string? valueThere = valuesThere.GetValueOrDefault(name);
            string? valueHere = valuesHere.GetValueOrDefault(name);
            string what = name.Length == 0 ? place : $"{place}.{name}";
            if (!AreSame(valueThere, valueHere))
            {
                if ((valueThere is null || valueHere is null) && HaveOneKind(name, valuesThere, valuesHere))
                {
                    loading.NotCompared.Add($"{what}: version {loading.Version} of the format did not have it");
                }
                else
                {
                    loading.NoteOtherOptions($"{what} is {Shown(valueThere)} in the file, but {Shown(valueHere)} here");
                }
            }
            else if (IsOpaque(valueHere!))
            {
                loading.NotCompared.Add($"{what}: {valueHere}");
            }
        }
    }

    private static string Shown(string? value) => value is null ? "absent" : Quoted.Name(value).Trim('"');

    // Whether the object that contains the value is of the same kind in the file and here.
    private static bool HaveOneKind(string name, Dictionary<string, string> there, Dictionary<string, string> here)
    {
        string kind = name[..(name.LastIndexOf('.') + 1)] + Kind;
        return there.TryGetValue(kind, out string? kindThere) && here.TryGetValue(kind, out string? kindHere) && kindThere == kindHere;
    }

    /// <summary>All values of an object, by the paths to them.</summary>
    private static Dictionary<string, string> Flatten(JsonElement element)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        Flatten(element, string.Empty, values);
        return values;
    }

    /// <summary>Whether two values are the same; one number can have several spellings.</summary>
    private static bool AreSame(string? one, string? other) =>
        one == other || (TryNumber(one, out double number) && TryNumber(other, out double same) && number == same);

    /// <summary>
    /// Whether the text of a value shows only its type, as for a function or a list. Two such values cannot be compared.
    /// </summary>
    public static bool IsOpaque(string value) =>
        value.Length > 0
        && (char.IsLetter(value[0]) || value[0] == '_')
        && value.Contains('.', StringComparison.Ordinal)
        && !value.Contains(' ', StringComparison.Ordinal);

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

    // Splits "A = 1, B = C { D = 2, E = 3 } " at its outermost commas; a space follows the last member.
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
