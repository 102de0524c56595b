using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Checkpoints;

/// <summary>Compares the options of this program with those of a file, and records each difference with its path.</summary>
internal sealed class OptionsComparison(CheckpointLoad loading, ConfigurationRegistry registry)
{
    /// <summary>The largest allowed depth of the JSON: a schedule is a few levels below its group.</summary>
    public static JsonDocumentOptions Reading => new() { MaxDepth = ConfigurationText.MaximumDepth + 8 };

    /// <summary>The names of types that the file has as text, because the program that saved it had not registered them.</summary>
    public static IReadOnlySet<string> TextsOf(JsonElement json)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        Collect(json);
        return names;

        void Collect(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Collect(item);
                }
            }
            else if (element.ValueKind == JsonValueKind.Object)
            {
                if (element.TryGetProperty(ConfigurationText.Text, out _) && KindOf(element) is { } kind)
                {
                    names.Add(kind);
                }

                foreach (JsonProperty property in element.EnumerateObject())
                {
                    Collect(property.Value);
                }
            }
        }
    }

    /// <summary>Compares in the form of the file's version.</summary>
    public void CompareAnyVersion(string place, JsonElement there, JsonElement here)
    {
        if (loading.Version <= FormerFormats.LastVersion)
        {
            FormerFormats.Compare(loading, place, there, here);
        }
        else
        {
            Compare(place, there, here);
        }
    }

    /// <summary>Compares two values.</summary>
    /// <param name="place">The path to the values.</param>
    /// <param name="there">The value in the file; undefined if it is absent.</param>
    /// <param name="here">The value in this program; undefined if it is absent.</param>
    /// <param name="defaults">The defaults of the object, if it has no name of its own.</param>
    public void Compare(string place, JsonElement there, JsonElement here, JsonElement defaults = default)
    {
        if (there.ValueKind == JsonValueKind.Object && here.ValueKind == JsonValueKind.Object)
        {
            CompareObjects(place, there, here, defaults);
        }
        else if (there.ValueKind == JsonValueKind.Array && here.ValueKind == JsonValueKind.Array && there.GetArrayLength() == here.GetArrayLength())
        {
            for (int i = 0; i < here.GetArrayLength(); i++)
            {
                Compare($"{place}[{i}]", there[i], here[i]);
            }
        }
        else if (!AreSame(there, here))
        {
            loading.NoteOtherOptions($"{place} is {Shown(there)} in the file, but {Shown(here)} here");
        }
    }

    /// <summary>Records the properties of an object in the file that its contract in this program does not have.</summary>
    public void CompareNames(string place, JsonElement there, JsonTypeInfo contract)
    {
        foreach (JsonProperty property in there.EnumerateObject().Where(property => contract.Properties.All(known => known.Name != property.Name)))
        {
            NoteUnknown(place, property, "a group");
        }
    }

    private static string? KindOf(JsonElement json) =>
        json.TryGetProperty(ConfigurationText.Kind, out JsonElement kind) && kind.ValueKind == JsonValueKind.String ? kind.GetString() : null;

    private static bool AreSame(JsonElement there, JsonElement here) =>
        IsNothing(there) || IsNothing(here) ? IsNothing(there) && IsNothing(here)
        : there.ValueKind == JsonValueKind.Number && here.ValueKind == JsonValueKind.Number
            ? there.GetDouble() == here.GetDouble() && (there.GetDouble() != Math.Truncate(there.GetDouble()) || !there.TryGetInt64(out long one) || !here.TryGetInt64(out long other) || one == other)
        : JsonElement.DeepEquals(there, here);

    private static bool IsNothing(JsonElement json) => json.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    private static string Shown(JsonElement json) =>
        json.ValueKind == JsonValueKind.Undefined ? "absent"
        : json.ValueKind == JsonValueKind.Object && KindOf(json) is { } kind ? Quoted.Name(kind).Trim('"')
        : json.ValueKind == JsonValueKind.String ? Quoted.Name(json.GetString()!).Trim('"')
        : Quoted.Name(json.GetRawText()).Trim('"');

    private void CompareObjects(string place, JsonElement there, JsonElement here, JsonElement defaults)
    {
        string? kind = KindOf(here);
        if (KindOf(there) != kind)
        {
            string advice = here.TryGetProperty(ConfigurationText.Text, out _)
                ? $" (if they are the same, give the {nameof(Checkpoint)} the {nameof(Checkpoint.Registry)} that the file was saved with)"
                : string.Empty;
            loading.NoteOtherOptions($"{place} is {Shown(there)} in the file, but {Shown(here)} here{advice}");
            return;
        }

        if (kind is not null && registry.FindWritten(kind) is { } named)
        {
            JsonObject known = ContractReader.DefaultsOf(registry.LenientContractOf(named.Type), named.Defaults);
            defaults = JsonElement.Parse(ConfigurationText.Write(writer => known.WriteTo(writer)), Reading);
        }

        if (here.TryGetProperty(ConfigurationText.Text, out JsonElement text)
            && there.TryGetProperty(ConfigurationText.Text, out JsonElement same)
            && text.GetString() == same.GetString()
            && IsOpaque(text.GetString()!))
        {
            loading.NotCompared.Add($"{place}: {text.GetString()}");
            return;
        }

        foreach (JsonProperty property in here.EnumerateObject())
        {
            string path = $"{place}.{property.Name}";
            if (there.TryGetProperty(property.Name, out JsonElement value))
            {
                Compare(path, value, property.Value);
            }
            else
            {
                CompareAbsent(path, property, defaults);
            }
        }

        foreach (JsonProperty property in there.EnumerateObject().Where(property => !here.TryGetProperty(property.Name, out _)))
        {
            if (defaults.ValueKind == JsonValueKind.Object && IsOption(kind, property.Name, defaults))
            {
                Compare($"{place}.{property.Name}", property.Value, default);
            }
            else
            {
                NoteUnknown(place, property, kind ?? "this program");
            }
        }
    }

    // Options that are not set, such as a schedule, are not written and have no default.
    private static bool IsOption(string? kind, string name, JsonElement defaults) =>
        defaults.TryGetProperty(name, out _) || (kind is null && name is "schedule" or "clip");

    /// <summary>A file without an option was saved before the option existed, so it means the default.</summary>
    private void CompareAbsent(string path, JsonProperty here, JsonElement defaults)
    {
        if (defaults.ValueKind == JsonValueKind.Object && defaults.TryGetProperty(here.Name, out JsonElement meant))
        {
            if (!AreSame(meant, here.Value))
            {
                loading.NoteOtherOptions($"{path} is not in the file, which means {Shown(meant)}, but it is {Shown(here.Value)} here");
            }
        }
        else if (defaults.ValueKind == JsonValueKind.Object && here.Value.ValueKind == JsonValueKind.Object)
        {
            loading.NoteOtherOptions($"{path} is absent in the file, but {Shown(here.Value)} here");
        }
        else
        {
            loading.NotCompared.Add($"{path}: it is not in the file, and {Shown(here.Value)} here");
        }
    }

    private void NoteUnknown(string place, JsonProperty there, string what) => loading.NoteOtherOptions(
        $"{place}.{Quoted.Name(there.Name).Trim('"')} is {Shown(there.Value)} in the file, but {what} has no such option here: a later version wrote "
        + "the file. Update the library or the registered type to load it");

    // The text of a function, for example, shows only its type.
    private static bool IsOpaque(string value) =>
        value.Length > 0 && (char.IsLetter(value[0]) || value[0] == '_') && !value.Contains(' ', StringComparison.Ordinal);
}
