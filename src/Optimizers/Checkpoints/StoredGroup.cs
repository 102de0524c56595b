using System.Text.Json;

namespace Optimizers.Checkpoints;

/// <summary>A group as it is stored in a file.</summary>
/// <param name="Optimizer">The options of the optimizer.</param>
/// <param name="Whole">The whole configuration of the group; null in files of versions 1 and 2.</param>
/// <param name="Schedules">The schedules, by the setting that they drive.</param>
/// <param name="Settings">The settings when the file was saved.</param>
/// <param name="Before">The settings when the run began; empty in files of version 1, which do not have them.</param>
/// <param name="Parameters">The names of the parameters.</param>
/// <param name="WithoutGradient">The names of the parameters without a gradient.</param>
internal sealed record StoredGroup(
    JsonElement Optimizer,
    JsonElement? Whole,
    IReadOnlyList<(string Name, JsonElement Schedule)> Schedules,
    GroupSettings Settings,
    IReadOnlyList<GroupSettings> Before,
    HashSet<string> Parameters,
    HashSet<string> WithoutGradient)
{
    private const string Beginnings = "began_as";
    private const string SettingsKey = "group";

    /// <summary>The schedules of a group, with their names in a file of a given version.</summary>
    public static IReadOnlyList<(string Name, ILrSchedule? Schedule)> SchedulesOf(ParameterGroup group, int version) =>
        [.. NamesOf(version).Zip([group.Schedule, group.MomentumSchedule, group.WeightDecaySchedule])];

    public static void Write(Utf8JsonWriter writer, ModelGroup run, IEnumerable<Parameter> parameters, ConfigurationRegistry registry)
    {
        writer.WriteStartObject();
        writer.WritePropertyName(SettingsKey);
        JsonSerializer.Serialize(writer, GroupConfiguration.SettingsOf(run.Group), registry.LenientContractOf<GroupConfiguration>());
        writer.WriteStartArray(Beginnings);
        foreach (GroupSettings settings in run.Beginnings)
        {
            JsonSerializer.Serialize(writer, settings, registry.LenientContractOf<GroupSettings>());
        }

        writer.WriteEndArray();
        WriteNames(writer, "parameters", parameters);
        WriteNames(writer, "without_gradient", parameters.Where(parameter => !parameter.HasGradient));
        writer.WriteEndObject();
    }

    public static StoredGroup Parse(JsonElement group, int version)
    {
        bool isFormer = version <= FormerFormats.LastVersion;
        JsonElement settings = isFormer ? group : group.GetProperty(SettingsKey);
        return new(
            settings.GetProperty("optimizer"),
            isFormer ? null : settings,
            [.. NamesOf(version).Select(name => (name, settings.TryGetProperty(name, out JsonElement schedule) ? schedule : default))],
            SettingsOf(settings, version),
            group.TryGetProperty(Beginnings, out JsonElement before) ? [.. before.EnumerateArray().Select(one => SettingsOf(one, version))] : [],
            Names(group, "parameters"),
            Names(group, "without_gradient"));
    }

    private static string[] NamesOf(int version) => version <= FormerFormats.LastVersion
        ? ["schedule", "momentum_schedule", "weight_decay_schedule"]
        : ["schedule", "momentumSchedule", "weightDecaySchedule"];

    private static GroupSettings SettingsOf(JsonElement element, int version)
    {
        (string factorName, string decayName) = version <= FormerFormats.LastVersion ? ("rate_factor", "weight_decay") : ("rateFactor", "weightDecay");
        var settings = new GroupSettings(
            element.GetProperty(factorName).GetDouble(),
            element.TryGetProperty(decayName, out JsonElement decay) && decay.ValueKind != JsonValueKind.Null ? decay.GetDouble() : null,
            element.GetProperty("frozen").GetBoolean(),
            element.TryGetProperty("momentum", out JsonElement momentum) && momentum.ValueKind != JsonValueKind.Null ? momentum.GetDouble() : null);
        Require.NonNegative(settings.RateFactor);
        Require.NonNegative(settings.Momentum ?? 0);
        Require.NonNegative(settings.WeightDecay ?? 0);
        return (float)(settings.Momentum ?? 0) < 1
            ? settings
            : throw new FormatException($"momentum is {settings.Momentum}, but must be less than 1");
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
