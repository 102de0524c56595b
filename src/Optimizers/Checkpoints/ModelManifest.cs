using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Optimizers.Checkpoints;

/// <summary>
/// Lists the optimizer of a model for a checkpoint: the state of each parameter, of the schedules, of the clip and of the loss scale;
/// and as JSON the count of updates, the options, and each group with its optimizer, schedules, settings and parameters.
/// </summary>
internal sealed class ModelManifest(
    ModelOptimizerOptions options,
    ModelGroup[] groups,
    IReadOnlyList<(Parameter Parameter, ParameterGroup Group, OptimizerState State)> members)
{
    public const string UpdateCountKey = "update_count";
    public const string SchedulesName = "schedules";
    public const string ScaleName = "loss_scaler";
    public const string ClipName = "gradient_clip";

    /// <summary>The prefixes of the state of schedules and clips, for each optimizer of a model in a list.</summary>
    public static IEnumerable<string> ReplaceableParts(CheckpointManifest contents) => contents.Entries
        .Where(entry => entry is ValueEntry { CountsUpdates: true })
        .Select(entry => entry.Name[..^UpdateCountKey.Length])
        .SelectMany(prefix => new[] { $"{prefix}{SchedulesName}.", $"{prefix}{ClipName}." });

    public void List(
        CheckpointManifest contents,
        Func<long> updateCount,
        Action<long> setUpdateCount,
        (Func<(long All, int InARow)> Get, Action<(long All, int InARow)> Set) skips)
    {
        CheckpointLoad? loading = contents.Loading;
        ConfigurationRegistry registry = contents.Registry;
        contents.Add(new ValueEntry(
            UpdateCountKey,
            () => updateCount().ToString(CultureInfo.InvariantCulture),
            json => AcceptUpdateCount(json, setUpdateCount))
        {
            WhenAbsent = updates => updates.ToString(CultureInfo.InvariantCulture),
            CountsUpdates = true,
        });
        contents.Add(new ValueEntry(
            "skips",
            () => string.Create(CultureInfo.InvariantCulture, $"[{skips.Get().All}, {skips.Get().InARow}]"),
            json => AcceptSkips(json, skips.Set))
        {
            WhenAbsent = _ => "[0, 0]",
        });
        contents.Add(new ValueEntry("options", () => OptionsText(registry, options), json => AcceptOptions(json, loading!, registry)));
        contents.Add(new ValueEntry("groups", () => GroupsText(registry), json => AcceptGroups(json, loading!, registry)) { ComparesParameters = true });
        foreach ((Parameter parameter, ParameterGroup group, OptimizerState state) in members)
        {
            StateManifest.List(
                contents.Under($"state.{parameter.Name}", new CheckpointOwner(parameter.Name, state)),
                state,
                parameter.Shape,
                group.MomentumSchedule is not null || group.Momentum is not null);
        }

        ListSchedules(contents);
        if (options.Clip is ICheckpointed clip && contents.Lists(clip))
        {
            clip.Describe(contents.Under(ClipName, owner: null, since: 2));
        }

        options.LossScaler?.Describe(contents.Under(ScaleName));
    }

    private static Action AcceptUpdateCount(string json, Action<long> set)
    {
        JsonElement element = JsonElement.Parse(json);
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long count) && count >= 0
            ? () => set(count)
            : throw new FormatException($"{Quoted.Name(json)} is not a number of updates");
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
            : throw new FormatException($"{Quoted.Name(json)} is not two numbers of skipped steps");
    }

    // Lists each schedule with state once, at its first use. Schedules that the user has added as parts are listed already.
    private void ListSchedules(CheckpointManifest contents)
    {
        CheckpointManifest schedules = contents.Under(SchedulesName, owner: null, since: 2);
        ListSchedule(schedules, "model", options.Schedule);
        foreach (ModelGroup run in groups)
        {
            ListSchedule(schedules, $"{run.Number}.rate", run.Group.Schedule);
            ListSchedule(schedules, $"{run.Number}.momentum", run.Group.MomentumSchedule);
            ListSchedule(schedules, $"{run.Number}.weight_decay", run.Group.WeightDecaySchedule);
        }
    }

    private static void ListSchedule(CheckpointManifest contents, string place, ILrSchedule? schedule)
    {
        int number = 0;
        foreach (ICheckpointed part in ScheduleState.Of(schedule))
        {
            if (contents.Lists(part))
            {
                part.Describe(contents.Under(string.Create(CultureInfo.InvariantCulture, $"{place}.{number++}")));
            }
        }
    }

    // Leaves out options that change no bit. A loss scaler lists itself.
    private static string OptionsText(ConfigurationRegistry registry, ModelOptimizerOptions options)
    {
        var json = (JsonObject)JsonSerializer.SerializeToNode(
            ModelConfiguration.SettingsOf(options), registry.LenientContractOf<ModelConfiguration>())!;
        foreach (string name in (string[])["name", "groups", "lossScaler", "measureUpdates", "threads"])
        {
            json.Remove(name);
        }

        return ConfigurationText.Write(writer => json.WriteTo(writer));
    }

    private Action AcceptOptions(string json, CheckpointLoad loading, ConfigurationRegistry registry)
    {
        JsonElement there = JsonElement.Parse(json, OptionsComparison.Reading);
        if (loading.Version <= FormerFormats.LastVersion)
        {
            FormerFormats.Compare(loading, "options", there, FormerFormats.OptionsOf(options));
            return () => { };
        }

        registry = registry.Without(OptionsComparison.TextsOf(there));
        new OptionsComparison(loading, registry).Compare(
            "options",
            there,
            JsonElement.Parse(OptionsText(registry, options), OptionsComparison.Reading),
            JsonElement.Parse(OptionsText(registry, new ModelOptimizerOptions()), OptionsComparison.Reading));
        return () => { };
    }

    private string GroupsText(ConfigurationRegistry registry) => ConfigurationText.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (ModelGroup run in groups)
        {
            StoredGroup.Write(
                writer, run, members.Where(member => member.Group == run.Group).Select(member => member.Parameter), registry);
        }

        writer.WriteEndArray();
    });

    private Action AcceptGroups(string json, CheckpointLoad loading, ConfigurationRegistry registry)
    {
        JsonElement whole = JsonElement.Parse(json, OptionsComparison.Reading);
        StoredGroup[] stored = [.. whole.EnumerateArray().Select(group => StoredGroup.Parse(group, loading.Version))];
        registry = registry.Without(OptionsComparison.TextsOf(whole));
        GroupOptions[] here = [.. groups.Select(run => GroupOptions.Of(run.Group, loading.Version, registry))];
        var comparison = new OptionsComparison(loading, registry);
        Dictionary<string, int> places = PlacesIn(stored);
        bool sameGroups = loading.IsPartial || CompareGroups(stored, places, loading);
        CompareOptimizers(stored, places, here, loading, comparison);
        if (loading.IsPartial)
        {
            return () => { };
        }

        Action settings = () => { };
        for (int i = 0; i < here.Length; i++)
        {
            int[] origins = sameGroups ? [i] : OriginsOf(i, places);
            foreach ((int there, int number) in origins.SelectMany(there => Enumerable.Range(0, here[i].Schedules.Count).Select(number => (there, number))))
            {
                (string name, JsonElement schedule) = here[i].Schedules[number];
                comparison.CompareAnyVersion($"groups[{i}].{name}", stored[there].Schedules[number].Schedule, schedule);
            }

            foreach (JsonElement group in origins.Select(there => stored[there].Whole).OfType<JsonElement>())
            {
                comparison.CompareNames($"groups[{i}]", group, registry.ContractOf(typeof(GroupConfiguration)));
                string? format = group.TryGetProperty("stateFormat", out JsonElement text) ? text.GetString() : null;
                if (format is not null && format != groups[i].Group.StateFormat.ToString())
                {
                    loading.NoteOtherFormat($"groups[{i}].stateFormat is {Quoted.Name(format).Trim('"')} in the file, but {groups[i].Group.StateFormat} here");
                }
            }

            settings += AcceptSettings(i, [.. origins.Select(there => stored[there])], loading);
        }

        return settings + AcceptGradients(stored, places, loading);
    }

    /// <summary>The options of a group in this program, in the form of a given version of the format.</summary>
    private sealed record GroupOptions(JsonElement Optimizer, IReadOnlyList<(string Name, JsonElement Schedule)> Schedules)
    {
        public static GroupOptions Of(ParameterGroup group, int version, ConfigurationRegistry registry)
        {
            bool isFormer = version <= FormerFormats.LastVersion;
            return new(
                isFormer ? FormerFormats.ElementOf(group.Options) : Element(group.Options),
                [.. StoredGroup.SchedulesOf(group, version).Select(pair =>
                    (pair.Name, isFormer ? FormerFormats.ElementOf(pair.Schedule) : Element(pair.Schedule)))]);

            JsonElement Element<T>(T? value) => value is null ? default : JsonElement.Parse(
                ConfigurationText.Write(writer => JsonSerializer.Serialize(writer, value, registry.LenientContractOf<T>())),
                OptionsComparison.Reading);
        }
    }

    // The groups of the file that contain parameters of a group in this program.
    private int[] OriginsOf(int here, Dictionary<string, int> places) =>
    [
        .. members.Where(member => member.Group == groups[here].Group && places.ContainsKey(member.Parameter.Name))
            .Select(member => places[member.Parameter.Name])
            .Distinct()
            .Order(),
    ];

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

    // Parameters that exist only in the file or only here are recorded with their tensors.
    private bool CompareGroups(StoredGroup[] stored, Dictionary<string, int> places, CheckpointLoad loading)
    {
        bool same = stored.Length == groups.Length;
        if (!same)
        {
            loading.NoteOtherGroups($"there are {stored.Length} groups in the file, but {groups.Length} here");
        }

        foreach ((Parameter parameter, ParameterGroup group, _) in members)
        {
            int here = IndexOf(group);
            if (places.TryGetValue(parameter.Name, out int there) && there != here)
            {
                loading.NoteOtherGroups(
                    $"parameter {Quoted.Name(parameter.Name)} is in group {there} in the file, but in group {here} here");
                same = false;
            }
        }

        return same;
    }

    // Compares every pair of groups with a common parameter whose state is loaded; without other groups, every group.
    private void CompareOptimizers(StoredGroup[] stored, Dictionary<string, int> places, GroupOptions[] here, CheckpointLoad loading, OptionsComparison comparison)
    {
        var pairs = new HashSet<(int There, int Here)>();
        foreach ((Parameter parameter, ParameterGroup group, OptimizerState state) in members)
        {
            int index = IndexOf(group);
            if (loading.Wants(parameter.Name)
                && places.TryGetValue(parameter.Name, out int there)
                && loading.TakesState(parameter.Name, state, there, stored[there].Optimizer, index, here[index].Optimizer))
            {
                pairs.Add((there, index));
            }
        }

        if (!loading.IsPartial && !loading.AllowsOtherGroups)
        {
            pairs.UnionWith(Enumerable.Range(0, Math.Min(stored.Length, here.Length)).Select(index => (index, index)));
        }

        foreach ((int there, int index) in pairs.Order())
        {
            comparison.CompareAnyVersion(
                loading.Version <= FormerFormats.LastVersion ? $"groups[{index}]" : $"groups[{index}].optimizer",
                stored[there].Optimizer,
                here[index].Optimizer);
        }
    }

    /// <summary>
    /// Returns the action that loads the settings of a group. Settings that the run changed are loaded from the file. A setting that
    /// differs between this program and the start of the run throws, or keeps the value of this program.
    /// </summary>
    private Action AcceptSettings(int index, StoredGroup[] origins, CheckpointLoad loading)
    {
        ModelGroup run = groups[index];
        if (origins.Length == 0)
        {
            return () => { };
        }

        if (origins.Length > 1 && run.Step.Definition.SharesScalars)
        {
            loading.NoteOtherGroups(
                $"groups[{index}] has parameters of {origins.Length} groups in the file. From the next step on they share the scalars of the group's "
                + "first parameter, such as the distance of Prodigy");
        }

        StoredGroup stored = origins[0];
        if (origins.Any(origin => origin.Settings != stored.Settings))
        {
            loading.NoteOtherGroups(
                $"groups[{index}] has parameters of groups with different {nameof(ParameterGroup.RateFactor)}, {nameof(ParameterGroup.WeightDecay)}, {nameof(ParameterGroup.Momentum)} "
                + $"or {nameof(ParameterGroup.Frozen)} in the file, so it keeps its own settings: {GroupSettings.Of(run.Group)}");
            return () => { };
        }

        GroupSettings now = GroupSettings.Of(run.Group);
        GroupSettings said = run.Started ?? now;
        double rateFactor = Accept(nameof(ParameterGroup.RateFactor), settings => settings.RateFactor);
        double? decay = run.Group.WeightDecaySchedule is null || stored.Settings.WeightDecay is null
            ? Accept(nameof(ParameterGroup.WeightDecay), settings => settings.WeightDecay)
            : KeepScheduled(nameof(ParameterGroup.WeightDecay), stored.Settings.WeightDecay, nameof(ParameterGroup.WeightDecaySchedule));
        double? momentum = stored.Settings.Momentum is { } given && run.Group.Options.SchedulableMomentum is null
            ? RefuseMomentum(given)
            : run.Group.MomentumSchedule is null || stored.Settings.Momentum is null
            ? Accept(nameof(ParameterGroup.Momentum), settings => settings.Momentum)
            : KeepScheduled(nameof(ParameterGroup.Momentum), stored.Settings.Momentum, nameof(ParameterGroup.MomentumSchedule));
        bool frozen = Accept(nameof(ParameterGroup.Frozen), settings => settings.Frozen);
        return () =>
        {
            run.Group.RateFactor = rateFactor;
            run.Group.WeightDecay = decay;
            run.Group.Momentum = momentum;
            run.Group.Frozen = frozen;
            run.TakeBeginnings(stored.Before);
        };

        T Accept<T>(string name, Func<GroupSettings, T> field)
        {
            T there = field(stored.Settings);
            T here = field(now);
            bool known = loading.Restores
                || stored.Before.Count == 0
                || stored.Before.Append(stored.Settings).Any(settings => EqualityComparer<T>.Default.Equals(field(settings), field(said)));
            if (!known)
            {
                loading.NoteOtherOptions($"groups[{index}].{name} is {Shown(there)} in the file, but {Shown(field(said))} here");
                return here;
            }

            if (!EqualityComparer<T>.Default.Equals(there, here))
            {
                loading.Changes.Add($"groups[{index}].{name} changed from {Shown(here)} to {Shown(there)}, the value in the file");
            }

            return there;
        }

        // Another kind of optimizer may have no momentum. The load has recorded the other kind already.
        double? RefuseMomentum(double there)
        {
            string difference = $"groups[{index}].{nameof(ParameterGroup.Momentum)} is {Shown(there)} in the file, but {run.Group.Options.GetType().Name} has no momentum that can change";
            if (loading.AllowsOtherGroups)
            {
                loading.Differences.Add(difference);
            }
            else
            {
                loading.NoteOtherOptions(difference);
            }

            return null;
        }

        double? KeepScheduled(string name, double? there, string schedule)
        {
            loading.NoteOtherOptions($"groups[{index}].{name} is {Shown(there)} in the file, but here the {schedule} sets it");
            return null;
        }
    }

    private Action AcceptGradients(StoredGroup[] stored, Dictionary<string, int> places, CheckpointLoad loading)
    {
        HashSet<string> without = [.. stored.SelectMany(group => group.WithoutGradient)];
        Parameter[] known = [.. members.Select(member => member.Parameter).Where(parameter => places.ContainsKey(parameter.Name))];
        foreach (Parameter parameter in known.Where(parameter => parameter.HasGradient == without.Contains(parameter.Name)))
        {
            string now = parameter.HasGradient ? "none" : "one";
            loading.Changes.Add(
                $"parameter {Quoted.Name(parameter.Name)} had {(parameter.HasGradient ? "a" : "no")} gradient before the load, and has {now} now, as in the file");
        }

        return () => Array.ForEach(known, parameter => parameter.HasGradient = !without.Contains(parameter.Name));
    }

    private static string Shown<T>(T value) => string.Create(CultureInfo.InvariantCulture, $"{value}") is { Length: > 0 } text ? text : "null";

    private int IndexOf(ParameterGroup group) => Array.FindIndex(groups, run => run.Group == group);
}
