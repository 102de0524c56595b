using System.Text.Json;

namespace Optimizers.Checkpoints;

/// <summary>A group as a file has it.</summary>
/// <param name="Optimizer">The options of the optimizer.</param>
/// <param name="Schedules">The schedules, by what they are for.</param>
/// <param name="Settings">The settings when the file was saved.</param>
/// <param name="Before">What the settings were when the run began; empty in files of version 1, which do not know it.</param>
/// <param name="Parameters">The names of the parameters.</param>
/// <param name="WithoutGradient">The names of those without a gradient.</param>
internal sealed record StoredGroup(
    JsonElement Optimizer,
    IReadOnlyList<(string Name, JsonElement Schedule)> Schedules,
    GroupSettings Settings,
    IReadOnlyList<GroupSettings> Before,
    HashSet<string> Parameters,
    HashSet<string> WithoutGradient)
{
    private const string Beginnings = "began_as";

    private static readonly string[] _schedules = ["schedule", "momentum_schedule", "weight_decay_schedule"];

    public static void Write(Utf8JsonWriter writer, GroupRun run, IEnumerable<Parameter> parameters)
    {
        ParameterGroup group = run.Group;
        writer.WriteStartObject();
        writer.WritePropertyName("optimizer");
        RecordText.Write(writer, group.Options);
        foreach ((string name, ILrSchedule? schedule) in _schedules.Zip([group.Schedule, group.MomentumSchedule, group.WeightDecaySchedule]))
        {
            writer.WritePropertyName(name);
            RecordText.Write(writer, schedule);
        }

        WriteSettings(writer, GroupSettings.Of(group));
        writer.WriteStartArray(Beginnings);
        foreach (GroupSettings settings in run.Beginnings)
        {
            writer.WriteStartObject();
            WriteSettings(writer, settings);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteNames(writer, "parameters", parameters);
        WriteNames(writer, "without_gradient", parameters.Where(parameter => !parameter.HasGradient));
        writer.WriteEndObject();
    }

    public static StoredGroup Parse(JsonElement group) => new(
        group.GetProperty("optimizer"),
        [.. _schedules.Select(name => (name, group.GetProperty(name)))],
        SettingsOf(group),
        group.TryGetProperty(Beginnings, out JsonElement before) ? [.. before.EnumerateArray().Select(SettingsOf)] : [],
        Names(group, "parameters"),
        Names(group, "without_gradient"));

    private static void WriteSettings(Utf8JsonWriter writer, GroupSettings settings)
    {
        writer.WriteNumber("rate_factor", settings.RateFactor);
        writer.WritePropertyName("weight_decay");
        if (settings.WeightDecay is { } decay)
        {
            writer.WriteNumberValue(decay);
        }
        else
        {
            writer.WriteNullValue();
        }

        writer.WriteBoolean("frozen", settings.Frozen);
    }

    private static GroupSettings SettingsOf(JsonElement element)
    {
        JsonElement decay = element.GetProperty("weight_decay");
        var settings = new GroupSettings(
            element.GetProperty("rate_factor").GetDouble(),
            decay.ValueKind == JsonValueKind.Null ? null : decay.GetDouble(),
            element.GetProperty("frozen").GetBoolean());
        Require.NonNegative(settings.RateFactor);
        Require.NonNegative(settings.WeightDecay ?? 0);
        return settings;
    }

    private static void WriteNames(Utf8JsonWriter writer, string property, IEnumerable<Parameter> parameters)
    {
        writer.WriteStartArray(property);
        foreach (Parameter parameter in parameters)
        {
            writer.WriteStringValue(parameter.Name);
        }

        writer.WriteEndArray();
    }

    private static HashSet<string> Names(JsonElement group, string property) =>
        [.. group.GetProperty(property).EnumerateArray().Select(name => name.GetString()!)];
}
