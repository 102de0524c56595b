using System.Globalization;
using System.Text.Json;

namespace Optimizers.Checkpoints;

/// <summary>
/// Compares a file with a checkpoint. It changes nothing: the result is either a list of the copies and actions to do, or a list
/// of problems.
/// </summary>
/// <param name="file">The header of the file.</param>
/// <param name="options">The differences that the load accepts.</param>
/// <param name="restores">Whether the file is an earlier state of the same objects. All its settings are then restored.</param>
internal sealed class CheckpointLoad(SafetensorsHeader file, CheckpointLoadOptions options, bool restores)
{
    private const string OptionsAdvice =
        $"To load the file anyway, with the options and settings of this program, set {nameof(CheckpointLoadOptions)}."
        + $"{nameof(CheckpointLoadOptions.AllowDifferentOptions)}.";

    private const string GroupsAdvice =
        $"To load the file into other groups or optimizers, set {nameof(CheckpointLoadOptions)}."
        + $"{nameof(CheckpointLoadOptions.AllowDifferentGroups)}: if a parameter has another kind of optimizer, its state is reset.";

    private const string FormatAdvice =
        $"State can only be loaded in the format that it was saved in: set {nameof(ParameterGroup)}.{nameof(ParameterGroup.StateFormat)} to that of the file.";

    private const string PartsAdvice =
        $"The file has other parameters, other parts, or another format of the state. {nameof(Checkpoint)}."
        + $"{nameof(Checkpoint.Add)} adds a part, {nameof(Checkpoint)}.{nameof(Checkpoint.LoadWhere)} loads the parameters that both have, and "
        + $"{nameof(CheckpointLoadOptions)}.{nameof(CheckpointLoadOptions.Ignore)} skips tensors of the file.";

    private const string ParametersAdvice =
        $"The file was saved with {nameof(Checkpoint)}.{nameof(Checkpoint.IncludeParameters)} = false, or contains the state of an optimizer "
        + $"only. If the values come from another source, set {nameof(CheckpointLoadOptions)}.{nameof(CheckpointLoadOptions.ParametersFromElsewhere)}.";

    private const string ConversionAdvice =
        $"To convert values to the number formats of this program, set {nameof(CheckpointLoadOptions)}.{nameof(CheckpointLoadOptions.ConvertFormats)}.";

    private readonly List<(TensorEntry Entry, SafetensorsTensor Tensor)> _tensors = [];
    private readonly List<string> _replaceable = [];
    private readonly List<Action> _actions = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    // The tensors show whether there are parameters.
    private readonly HashSet<string> _usedKeys =
        new(StringComparer.Ordinal) { Checkpoint.VersionKey, Checkpoint.ParametersKey, FileChecksum.Key };

    private readonly HashSet<OptimizerState> _anew = [];
    private readonly HashSet<string> _leftPrefixes = new(StringComparer.Ordinal);
    private bool _takesUpdateCount;

    public ProblemList Problems { get; } = new();

    public List<string> Untouched { get; } = [];

    public List<string> Differences { get; } = [];

    public List<string> Changes { get; } = [];

    public List<string> NotCompared { get; } = [];

    public List<string> Left { get; } = [];

    /// <summary>The tensors to copy, in the order of the file.</summary>
    public IReadOnlyList<(TensorEntry Entry, SafetensorsTensor Tensor)> Tensors => _tensors;

    /// <summary>The actions to do after the copies.</summary>
    public IReadOnlyList<Action> Actions => _actions;

    /// <summary>The version of the file.</summary>
    public int Version { get; } = VersionOf(file);

    public bool IsPartial => options.Where is not null;

    public bool AllowsOtherGroups => options.AllowDifferentGroups;

    /// <summary>Whether the file is an earlier state of the same objects.</summary>
    public bool Restores => restores;

    /// <summary>Whether another program wrote the file.</summary>
    private bool IsForeign { get; } = !file.Metadata.ContainsKey(Checkpoint.VersionKey);

    /// <summary>Whether the file has a tensor of that name.</summary>
    public bool Has(string name) => file.ByName.ContainsKey(name);

    public bool Wants(string parameter) => options.Where?.Invoke(parameter) ?? true;

    /// <summary>Adds an action to run after a load that includes the parameter.</summary>
    public void Afterwards(string? parameter, Action action)
    {
        if (parameter is null ? !IsPartial : Wants(parameter))
        {
            _actions.Add(action);
        }
    }

    /// <summary>Compares everything, and collects the problems.</summary>
    public void Compare(CheckpointManifest contents, IDictionary<string, string> userValues)
    {
        long? updates = IsForeign ? UpdatesOfForeignFile() : null;
        HashSet<OptimizerState> unborn = IsForeign ? StatesThatTheFileLacks(contents) : [];
        bool hasParameters = HasParameters(contents);
        _takesUpdateCount = !IsPartial || options.UpdateCount is not null || WantsEveryParameter(contents);
        _replaceable.AddRange(ModelManifest.ReplaceableParts(contents));
        foreach (CheckpointEntry entry in contents.Entries)
        {
            bool wanted = entry.Owner is { } owner ? Wants(owner.Parameter) : !IsPartial;
            switch (entry)
            {
                case TensorEntry when entry.Owner?.State is { } state && (unborn.Contains(state) || _anew.Contains(state)):
                case TensorEntry when entry.Owner is { State: null } && !hasParameters:
                    Untouched.Add(entry.Name);
                    break;
                case TensorEntry tensor when wanted:
                    CompareTensor(tensor, updates);
                    break;
                case ValueEntry value when wanted || value.ComparesParameters || (value.CountsUpdates && _takesUpdateCount):
                    CompareValue(value, updates);
                    break;
                default:
                    Untouched.Add(entry.Name);
                    break;
            }
        }

        if (IsPartial && !contents.Entries.Any(entry => entry.Owner is { } owner && Wants(owner.Parameter)))
        {
            Problems.Add(NothingWanted(contents));
        }

        _leftPrefixes.UnionWith(contents.Entries.Where(entry => entry.Owner?.State is { } state && _anew.Contains(state)).Select(entry => PrefixOf(entry.Name)));
        _actions.AddRange(unborn.Union(_anew).Select(state => (Action)state.Reset));
        TakeUserValues(userValues);
        LookForMore();
        _tensors.Sort(static (one, other) => one.Tensor.Begin.CompareTo(other.Tensor.Begin));
    }

    /// <summary>
    /// Whether a parameter can take its state from a group of the file. The optimizers must be of the same kind. If they are not, the
    /// difference is recorded, and if the options allow it the state is reset.
    /// </summary>
    public bool TakesState(string parameter, OptimizerState state, int groupThere, JsonElement there, int groupHere, JsonElement here)
    {
        if (KindOf(there) == KindOf(here))
        {
            return true;
        }

        string difference = $"groups[{groupHere}] has {Quoted.Name(KindOf(there) ?? "nothing")} in the file"
            + (groupThere == groupHere ? string.Empty : $", as groups[{groupThere}]")
            + $", but {Quoted.Name(KindOf(here) ?? "nothing")} here";
        if (AllowsOtherGroups)
        {
            Differences.Add($"{difference}: the state of parameter {Quoted.Name(parameter)} is reset");
            _anew.Add(state);
        }
        else if (!Problems.All.Contains($"different: {difference}"))
        {
            Problems.Add($"different: {difference}", GroupsAdvice);
        }

        return false;
    }

    /// <summary>Records a difference between the groups and those of the file.</summary>
    public void NoteOtherGroups(string difference)
    {
        if (AllowsOtherGroups)
        {
            Differences.Add(difference);
        }
        else
        {
            Problems.Add($"different: {difference}", GroupsAdvice);
        }
    }

    /// <summary>Records that the state of a group has another format in the file. No option allows this.</summary>
    public void NoteOtherFormat(string difference) => Problems.Add($"different: {difference}", FormatAdvice);

    /// <summary>Records an option that differs from the file. If the load allows it, the value of this program stays.</summary>
    public void NoteOtherOptions(string difference)
    {
        if (options.AllowDifferentOptions)
        {
            Differences.Add(difference);
        }
        else
        {
            Problems.Add($"different: {difference}", OptionsAdvice);
        }
    }

    // An invalid version is refused later, after the checksum.
    private static int VersionOf(SafetensorsHeader file) =>
        file.Metadata.TryGetValue(Checkpoint.VersionKey, out string? text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int version)
            ? version
            : Checkpoint.Version;

    private bool WantsEveryParameter(CheckpointManifest contents) =>
        contents.Entries.All(entry => entry.Owner is not { } owner || Wants(owner.Parameter));

    // Whether the file has parameter values; records a problem if they are wanted and missing.
    private bool HasParameters(CheckpointManifest contents)
    {
        CheckpointEntry[] values = [.. contents.Entries.Where(entry => entry.Owner is { State: null } owner && Wants(owner.Parameter))];
        string[] places = [.. values.Select(entry => entry.Name[..^entry.Owner!.Parameter.Length]).Distinct()];
        if (values.Length == 0 || file.Tensors.Any(tensor => Array.Exists(places, place => tensor.Name.StartsWith(place, StringComparison.Ordinal))))
        {
            return true;
        }

        if (!options.ParametersFromElsewhere)
        {
            Problems.Add("missing: the values of the parameters; the file has none", ParametersAdvice);
        }

        return false;
    }

    private static string NothingWanted(CheckpointManifest contents)
    {
        string[] names = [.. contents.Entries.Select(entry => entry.Owner?.Parameter).OfType<string>().Distinct().Take(5)];
        return $"missing: {nameof(CheckpointLoadOptions.Where)} selects no parameter of this model"
            + (names.Length == 0 ? ": the checkpoint has no optimizer of a model" : $"; its parameters are {string.Join(", ", names.Select(Quoted.Name))}");
    }

    // In older files, options of a type other than a record are a text instead of an object.
    private static string? KindOf(JsonElement optimizer) => optimizer.ValueKind switch
    {
        JsonValueKind.Object => optimizer.GetProperty(ConfigurationText.Kind).GetString(),
        JsonValueKind.String => optimizer.GetString(),
        _ => null,
    };

    private long? UpdatesOfForeignFile()
    {
        bool isSaid = file.Metadata.TryGetValue(ModelManifest.UpdateCountKey, out string? text);
        return options.UpdateCount
            ?? (isSaid && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count) ? count : null);
    }

    // PyTorch, for example, creates the state of a parameter at its first update, so a frozen parameter has none in its files.
    private HashSet<OptimizerState> StatesThatTheFileLacks(CheckpointManifest contents) =>
        [.. contents.Entries
            .Where(entry => entry is TensorEntry && entry.Owner is { State: { } state } owner && Remembers(state) && Wants(owner.Parameter))
            .GroupBy(entry => entry.Owner!.State!)
            .Where(entries => !entries.Any(entry => file.ByName.ContainsKey(entry.Name)))
            .Select(entries => entries.Key)];

    private static bool Remembers(OptimizerState state) => state.SlotNames.Count + state.ScalarNames.Count > 0;

    private void CompareTensor(TensorEntry entry, long? updates)
    {
        if (!file.ByName.TryGetValue(entry.Name, out SafetensorsTensor? tensor))
        {
            if (entry is CounterEntry { CountsUpdates: true } counter && updates is { } count)
            {
                _actions.Add(() => counter.Set(count));
            }
            else if (entry.Since > Version || MayDiffer(entry.Name) || MayConvert(entry.Name) || (IsForeign && IsReplaceable(entry.Name)))
            {
                Untouched.Add(entry.Name);
            }
            else
            {
                Problems.Add($"missing: {entry}", PartsAdvice);
            }

            return;
        }

        entry.Check();
        _used.Add(entry.Name);
        bool hasShape = tensor.Shape.SequenceEqual(entry.Shape);
        if (hasShape && !entry.Takes(tensor.Type) && entry.Conversion?.Invoke(tensor.Type) is { } converted)
        {
            if (options.ConvertFormats)
            {
                Differences.Add($"{tensor} in the file was converted to {SafetensorsTypes.NameOf(entry.Type)}");
                _tensors.Add((converted with { Owner = entry.Owner }, tensor));
            }
            else
            {
                Problems.Add(DifferentTensor(tensor, entry), ConversionAdvice);
            }

            return;
        }

        if (!entry.Takes(tensor.Type) || !hasShape)
        {
            Problems.Add(DifferentTensor(tensor, entry));
            return;
        }

        _tensors.Add((entry, tensor));
    }

    private static string DifferentTensor(SafetensorsTensor tensor, TensorEntry entry) =>
        $"different: {tensor} in the file, but {SafetensorsTypes.NameOf(entry.Type)} {Quoted.Shape(entry.Shape)} here";

    private bool MayConvert(string name) =>
        options.ConvertFormats && name.StartsWith($"{ValuesManifest.Errors}.", StringComparison.Ordinal);

    private void CompareValue(ValueEntry entry, long? updates)
    {
        if (!file.Metadata.TryGetValue(entry.Name, out string? json) && updates is { } count)
        {
            json = entry.WhenAbsent?.Invoke(count);
        }

        if (entry.CountsUpdates && options.UpdateCount is { } given)
        {
            json = entry.WhenAbsent?.Invoke(given);
        }

        if (json is null)
        {
            NoteAbsent(entry);
            return;
        }

        _usedKeys.Add(entry.Name);
        try
        {
            Action action = entry.Accept(json);
            if (!IsPartial || entry.CountsUpdates)
            {
                _actions.Add(action);
            }
        }
        catch (Exception exception) when (exception is FormatException or JsonException or ArgumentException
            or InvalidOperationException or KeyNotFoundException or OverflowException or IndexOutOfRangeException)
        {
            // The JSON reader throws one of these exceptions for invalid values.
            Problems.Add($"different: value {Quoted.Name(entry.Name)} in the file is invalid: {exception.Message}");
        }
    }

    private void NoteAbsent(ValueEntry entry)
    {
        if (entry.ComparesOptions && entry.Since > Version)
        {
            NotCompared.Add($"{entry.Name}: version {Version} of the format did not have it");
        }
        else if (entry.Since > Version || IsPartial || MayDiffer(entry.Name))
        {
            Untouched.Add(entry.Name);
        }
        else if (!IsForeign)
        {
            Problems.Add($"missing: value {Quoted.Name(entry.Name)}");
        }
        else if (entry.WhenAbsent is not null)
        {
            Problems.Add(
                $"missing: value {Quoted.Name(entry.Name)}, because another program wrote the file; set {nameof(CheckpointLoadOptions)}."
                + $"{nameof(CheckpointLoadOptions.UpdateCount)} to the number of updates so far");
        }
        else
        {
            Untouched.Add(entry.Name);
        }
    }

    private void TakeUserValues(IDictionary<string, string> userValues)
    {
        KeyValuePair<string, string>[] values =
        [
            .. file.Metadata.Where(pair => pair.Key.StartsWith(Checkpoint.ValuePrefix, StringComparison.Ordinal))
        ];
        if (IsPartial)
        {
            return;
        }

        _usedKeys.UnionWith(values.Select(pair => pair.Key));
        _actions.Add(() =>
        {
            userValues.Clear();
            foreach ((string key, string value) in values)
            {
                userValues[key[Checkpoint.ValuePrefix.Length..]] = value;
            }
        });
    }

    // A partial load ignores the rest of the file. In a whole load, anything unknown is a problem.
    private void LookForMore()
    {
        foreach (SafetensorsTensor tensor in file.Tensors)
        {
            if (_used.Contains(tensor.Name))
            {
                continue;
            }

            if (IsPartial || MayDiffer(tensor.Name) || MayConvert(tensor.Name) || BeginsAnew(tensor.Name) || (options.Ignore?.Invoke(tensor.Name) ?? false))
            {
                Left.Add(tensor.Name);
            }
            else
            {
                Problems.Add($"unexpected: {tensor}", PartsAdvice);
            }
        }

        foreach (string key in file.Metadata.Keys.Where(key => !_usedKeys.Contains(key)))
        {
            if (IsPartial || IsForeign || MayDiffer(key))
            {
                Left.Add(key);
            }
            else
            {
                Problems.Add($"unexpected: value {Quoted.Name(key)}");
            }
        }
    }

    // The state of one schedule or clip cannot be used by a different one.
    private bool MayDiffer(string name) => (options.AllowDifferentOptions || options.AllowDifferentGroups) && IsReplaceable(name);

    private bool IsReplaceable(string name) => _replaceable.Exists(part => name.StartsWith(part, StringComparison.Ordinal));

    // Slot names contain no dot, but parameter names may.
    private bool BeginsAnew(string tensor) => _leftPrefixes.Contains(PrefixOf(tensor));

    private static string PrefixOf(string tensor) => tensor[..(tensor.LastIndexOf('.') + 1)];
}
