using System.Globalization;
using System.Text.Json;

namespace Optimizers;

/// <summary>
/// What of a model's optimizer lies in a file: the state of each parameter, and as JSON the count of updates, the options,
/// and each group with its optimizer, its schedule, what may be changed between steps, and its parameters.
/// </summary>
internal sealed class ModelContents(
    ModelOptimizerOptions options,
    IReadOnlyList<ParameterGroup> groups,
    IReadOnlyList<(Parameter Parameter, ParameterGroup Group, OptimizerState State)> members)
{
    public const string UpdateCountKey = "update_count";

    public void List(
        CheckpointContents contents,
        Func<long> updateCount,
        Action<long> setUpdateCount,
        (Func<(long All, int InARow)> Get, Action<(long All, int InARow)> Set) skips)
    {
        CheckpointLoad? loading = contents.Loading;
        contents.Add(new ValueEntry(
            UpdateCountKey,
            () => updateCount().ToString(CultureInfo.InvariantCulture),
            json => AcceptUpdateCount(json, setUpdateCount))
        {
            WhenAbsent = updates => updates.ToString(CultureInfo.InvariantCulture),
        });
        contents.Add(new ValueEntry(
            "skips",
            () => string.Create(CultureInfo.InvariantCulture, $"[{skips.Get().All}, {skips.Get().InARow}]"),
            json => AcceptSkips(json, skips.Set))
        {
            WhenAbsent = _ => "[0, 0]",
        });
        contents.Add(new ValueEntry("options", () => ConfigurationText.Write(WriteOptions), json => AcceptOptions(json, loading!)));
        contents.Add(new ValueEntry("groups", () => ConfigurationText.Write(WriteGroups), json => AcceptGroups(json, loading!)) { ComparesParameters = true });
        foreach ((Parameter parameter, ParameterGroup group, OptimizerState state) in members)
        {
            StateContents.List(
                contents.Under($"state.{parameter.Name}", new CheckpointOwner(parameter.Name, state)),
                state,
                parameter.Shape,
                group.MomentumSchedule is not null);
        }
    }

    private static Action AcceptUpdateCount(string json, Action<long> set)
    {
        JsonElement element = JsonElement.Parse(json);
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long count) && count >= 0
            ? () => set(count)
            : throw new FormatException($"{Quoted.Name(json)}, which counts no updates");
    }

    private static Action AcceptSkips(string json, Action<(long All, int InARow)> set)
    {
        JsonElement element = JsonElement.Parse(json);
        return element.ValueKind == JsonValueKind.Array
            && element.GetArrayLength() == 2
            && element[0].TryGetInt64(out long all)
            && element[1].TryGetInt32(out int inARow)
            && all >= inARow
            && inARow >= 0
            ? () => set((all, inARow))
            : throw new FormatException($"{Quoted.Name(json)}, which counts no skipped steps");
    }

    // Without what changes no bit; a loss scaler lists itself.
    private void WriteOptions(Utf8JsonWriter writer) => RecordText.Write(writer, options with { Name = "", Threads = 0, MeasureUpdates = false, LossScaler = null, MeterFactory = null });

    private Action AcceptOptions(string json, CheckpointLoad loading)
    {
        loading.CompareOptions("options", JsonElement.Parse(json), JsonElement.Parse(ConfigurationText.Write(WriteOptions)));
        return () => { };
    }

    private void WriteGroups(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (ParameterGroup group in groups)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("optimizer");
            RecordText.Write(writer, group.Options);
            writer.WritePropertyName("schedule");
            RecordText.Write(writer, group.Schedule);
            writer.WritePropertyName("momentum_schedule");
            RecordText.Write(writer, group.MomentumSchedule);
            writer.WritePropertyName("weight_decay_schedule");
            RecordText.Write(writer, group.WeightDecaySchedule);
            writer.WriteNumber("rate_factor", group.RateFactor);
            writer.WritePropertyName("weight_decay");
            if (group.WeightDecay is { } decay)
            {
                writer.WriteNumberValue(decay);
            }
            else
            {
                writer.WriteNullValue();
            }

            writer.WriteBoolean("frozen", group.Frozen);
            WriteNames(writer, "parameters", group, _ => true);
            WriteNames(writer, "without_gradient", group, parameter => !parameter.HasGradient);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private void WriteNames(Utf8JsonWriter writer, string property, ParameterGroup group, Predicate<Parameter> which)
    {
        writer.WriteStartArray(property);
        foreach ((Parameter parameter, ParameterGroup its, _) in members)
        {
            if (its == group && which(parameter))
            {
                writer.WriteStringValue(parameter.Name);
            }
        }

        writer.WriteEndArray();
    }

    private Action AcceptGroups(string json, CheckpointLoad loading)
    {
        StoredGroup[] stored = [.. JsonElement.Parse(json).EnumerateArray().Select(StoredGroup.Parse)];
        Dictionary<string, int> places = PlacesIn(stored);
        JsonElement[] here = [.. JsonElement.Parse(ConfigurationText.Write(WriteGroups)).EnumerateArray()];
        if (loading.IsPartial)
        {
            foreach ((int there, int index) in members
                .Where(member => loading.Wants(member.Parameter.Name) && places.ContainsKey(member.Parameter.Name))
                .Select(member => (places[member.Parameter.Name], IndexOf(member.Group)))
                .Distinct())
            {
                CompareOptimizer(stored[there], index, here[index], loading);
            }

            return () => { };
        }

        if (stored.Length != here.Length)
        {
            loading.Problems.Add($"different: there are {stored.Length} groups in the file, but {here.Length} here");
            return () => { };
        }

        ComparePlaces(places, loading);
        for (int i = 0; i < here.Length; i++)
        {
            CompareOptimizer(stored[i], i, here[i], loading);
            foreach ((string name, JsonElement schedule) in stored[i].Schedules)
            {
                loading.CompareOptions($"groups[{i}].{name}", schedule, here[i].GetProperty(name));
            }
        }

        return () => Restore(stored);
    }

    private static Dictionary<string, int> PlacesIn(StoredGroup[] stored)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < stored.Length; i++)
        {
            foreach (string name in stored[i].Parameters)
            {
                if (!places.TryAdd(name, i))
                {
                    throw new FormatException($"parameter {Quoted.Name(name)} is in two groups");
                }
            }
        }

        return places;
    }

    // What is missing is noted with its tensors.
    private void ComparePlaces(Dictionary<string, int> places, CheckpointLoad loading)
    {
        foreach ((Parameter parameter, ParameterGroup group, _) in members)
        {
            int here = IndexOf(group);
            if (places.TryGetValue(parameter.Name, out int there) && there != here)
            {
                loading.Problems.Add(
                    $"different: parameter {Quoted.Name(parameter.Name)} is in group {there} in the file, but in group {here} here");
            }
        }
    }

    private static void CompareOptimizer(StoredGroup stored, int index, JsonElement here, CheckpointLoad loading)
    {
        loading.CompareKind($"groups[{index}]", stored.Optimizer, here.GetProperty("optimizer"));
        loading.CompareOptions($"groups[{index}]", stored.Optimizer, here.GetProperty("optimizer"));
    }

    private int IndexOf(ParameterGroup group)
    {
        int index = 0;
        while (groups[index] != group)
        {
            index++;
        }

        return index;
    }

    private void Restore(StoredGroup[] stored)
    {
        for (int i = 0; i < stored.Length; i++)
        {
            groups[i].RateFactor = stored[i].RateFactor;
            groups[i].WeightDecay = stored[i].WeightDecay;
            groups[i].Frozen = stored[i].Frozen;
        }

        HashSet<string> without = [.. stored.SelectMany(group => group.WithoutGradient)];
        foreach ((Parameter parameter, _, _) in members)
        {
            parameter.HasGradient = !without.Contains(parameter.Name);
        }
    }

    /// <summary>A group as a file has it.</summary>
    private sealed record StoredGroup(
        JsonElement Optimizer,
        IReadOnlyList<(string Name, JsonElement Schedule)> Schedules,
        double RateFactor,
        double? WeightDecay,
        bool Frozen,
        HashSet<string> Parameters,
        HashSet<string> WithoutGradient)
    {
        private static readonly string[] _schedules = ["schedule", "momentum_schedule", "weight_decay_schedule"];

        public static StoredGroup Parse(JsonElement group)
        {
            JsonElement decay = group.GetProperty("weight_decay");
            var parsed = new StoredGroup(
                group.GetProperty("optimizer"),
                [.. _schedules.Select(name => (name, group.GetProperty(name)))],
                group.GetProperty("rate_factor").GetDouble(),
                decay.ValueKind == JsonValueKind.Null ? null : decay.GetDouble(),
                group.GetProperty("frozen").GetBoolean(),
                Names(group, "parameters"),
                Names(group, "without_gradient"));
            Require.NonNegative(parsed.RateFactor);
            Require.NonNegative(parsed.WeightDecay ?? 0);
            return parsed;
        }

        private static HashSet<string> Names(JsonElement group, string property) =>
            [.. group.GetProperty(property).EnumerateArray().Select(name => name.GetString()!)];
    }
}
