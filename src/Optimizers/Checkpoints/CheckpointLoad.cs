using System.Globalization;
using System.Text.Json;

namespace Optimizers;

/// <summary>
/// Holds what a file has against what is asked for. Nothing is changed: what comes out is a list of what there is to do, or
/// of what is wrong.
/// </summary>
internal sealed class CheckpointLoad(SafetensorsHeader file, CheckpointLoadOptions options)
{
    private readonly List<(TensorEntry Entry, SafetensorsTensor Tensor)> _tensors = [];
    private readonly List<Action> _actions = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly HashSet<string> _usedKeys = new(StringComparer.Ordinal) { Checkpoint.VersionKey, FileChecksum.Key };

    public ProblemList Problems { get; } = new();

    public List<string> Untouched { get; } = [];

    public List<string> Differences { get; } = [];

    public List<string> NotCompared { get; } = [];

    public List<string> Left { get; } = [];

    /// <summary>The tensors to copy, in the order of the file.</summary>
    public IReadOnlyList<(TensorEntry Entry, SafetensorsTensor Tensor)> Tensors => _tensors;

    /// <summary>What there is to do besides.</summary>
    public IReadOnlyList<Action> Actions => _actions;

    public bool IsPartial => options.Where is not null;

    /// <summary>Whether the file was written by something else than this library.</summary>
    private bool IsForeign { get; } = !file.Metadata.ContainsKey(Checkpoint.VersionKey);

    /// <summary>Whether the file has a tensor of that name.</summary>
    public bool Has(string name) => file.ByName.ContainsKey(name);

    public bool Wants(string parameter) => options.Where?.Invoke(parameter) ?? true;

    /// <summary>Compares everything, and notes what is wrong.</summary>
    public void Compare(CheckpointContents contents, IDictionary<string, string> userValues)
    {
        long? updates = IsForeign ? UpdatesOfForeignFile() : null;
        HashSet<OptimizerState> unborn = IsForeign ? StatesThatTheFileLacks(contents) : [];
        foreach (CheckpointEntry entry in contents.Entries)
        {
            bool wanted = entry.Owner is { } owner ? Wants(owner.Parameter) : !IsPartial;
            switch (entry)
            {
                case TensorEntry when entry.Owner?.State is { } state && unborn.Contains(state):
                    Untouched.Add(entry.Name);
                    break;
                case TensorEntry tensor when wanted:
                    CompareTensor(tensor, updates);
                    break;
                case ValueEntry value when wanted || value.ComparesParameters:
                    CompareValue(value, updates);
                    break;
                default:
                    Untouched.Add(entry.Name);
                    break;
            }
        }

        if (IsPartial && !contents.Entries.Any(entry => entry.Owner is { } owner && Wants(owner.Parameter)))
        {
            Problems.Add($"missing: {nameof(CheckpointLoadOptions.Where)} asks for no parameter that is here");
        }

        _actions.AddRange(unborn.Select(state => (Action)state.Reset));
        TakeUserValues(userValues);
        LookForMore();
        _tensors.Sort(static (one, other) => one.Tensor.Begin.CompareTo(other.Tensor.Begin));
    }

    /// <summary>Notes whether a group's optimizer is of another kind in the file.</summary>
    public void CompareKind(string place, JsonElement there, JsonElement here)
    {
        string? kindThere = KindOf(there);
        string? kindHere = KindOf(here);
        if (kindThere != kindHere)
        {
            Problems.Add($"different: {place} has {Quoted.Name(kindThere ?? "nothing")} in the file, but {Quoted.Name(kindHere ?? "nothing")} here");
        }
    }

    /// <summary>Notes which options are others in the file.</summary>
    public void CompareOptions(string place, JsonElement there, JsonElement here)
    {
        Dictionary<string, string> valuesThere = RecordText.Flatten(there);
        Dictionary<string, string> valuesHere = RecordText.Flatten(here);
        foreach (string name in valuesThere.Keys.Union(valuesHere.Keys))
        {
            string? valueThere = valuesThere.GetValueOrDefault(name);
            string? valueHere = valuesHere.GetValueOrDefault(name);
            if ((valueThere ?? Null) == Null && (valueHere ?? Null) == Null)
            {
                // An option that is off by default and came later is absent in older files.
                continue;
            }

            string what = name.Length == 0 ? place : $"{place}.{name}";
            if (!RecordText.AreSame(valueThere, valueHere))
            {
                string difference = $"{what} is {Shown(valueThere)} in the file, but {Shown(valueHere)} here";
                if (options.AllowDifferentOptions)
                {
                    Differences.Add(difference);
                }
                else
                {
                    Problems.Add($"different: {difference}");
                }
            }
            else if (RecordText.IsOpaque(valueHere!))
            {
                NotCompared.Add($"{what}: {valueHere}");
            }
        }
    }

    private const string Null = "null";

    private static string? KindOf(JsonElement optimizer) => optimizer.ValueKind switch
    {
        JsonValueKind.Object => optimizer.GetProperty(RecordText.Kind).GetString(),
        JsonValueKind.String => optimizer.GetString(),
        _ => null,
    };

    private static string Shown(string? value) => value is null ? "absent" : Quoted.Name(value).Trim('"');

    private long? UpdatesOfForeignFile()
    {
        bool isSaid = file.Metadata.TryGetValue(ModelContents.UpdateCountKey, out string? text);
        return options.UpdateCount
            ?? (isSaid && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count) ? count : null);
    }

    // Another library makes the state of a parameter at its first update, and a frozen parameter has none.
    private HashSet<OptimizerState> StatesThatTheFileLacks(CheckpointContents contents) =>
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
            else
            {
                Problems.Add($"missing: {entry}");
            }

            return;
        }

        entry.Check();
        _used.Add(entry.Name);
        if (!entry.Takes(tensor.Type) || !tensor.Shape.SequenceEqual(entry.Shape))
        {
            Problems.Add($"different: {tensor} in the file, but {SafetensorsTypes.NameOf(entry.Type)} {Quoted.Shape(entry.Shape)} here");
            return;
        }

        _tensors.Add((entry, tensor));
    }

    private void CompareValue(ValueEntry entry, long? updates)
    {
        if (!file.Metadata.TryGetValue(entry.Name, out string? json) && updates is { } count)
        {
            json = entry.WhenAbsent?.Invoke(count);
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
            if (!IsPartial)
            {
                _actions.Add(action);
            }
        }
        catch (Exception exception) when (exception is FormatException or JsonException or ArgumentException
            or InvalidOperationException or KeyNotFoundException or OverflowException or IndexOutOfRangeException)
        {
            // What reads JSON that is not as it should be throws one of these.
            Problems.Add($"different: value {Quoted.Name(entry.Name)} in the file is not as it should be: {exception.Message}");
        }
    }

    private void NoteAbsent(ValueEntry entry)
    {
        if (!IsForeign)
        {
            Problems.Add($"missing: value {Quoted.Name(entry.Name)}");
        }
        else if (entry.WhenAbsent is not null)
        {
            Problems.Add(
                $"missing: value {Quoted.Name(entry.Name)}, as the file is of another writer; {nameof(CheckpointLoadOptions)}."
                + $"{nameof(CheckpointLoadOptions.UpdateCount)} can say how many updates came before");
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

    // What a partial load does not ask for stays where it is; what a whole load does not know is too much.
    private void LookForMore()
    {
        foreach (SafetensorsTensor tensor in file.Tensors)
        {
            if (_used.Contains(tensor.Name))
            {
                continue;
            }

            if (IsPartial || (options.Ignore?.Invoke(tensor.Name) ?? false))
            {
                Left.Add(tensor.Name);
            }
            else
            {
                Problems.Add($"unexpected: {tensor}");
            }
        }

        foreach (string key in file.Metadata.Keys.Where(key => !_usedKeys.Contains(key)))
        {
            if (IsPartial || IsForeign)
            {
                Left.Add(key);
            }
            else
            {
                Problems.Add($"unexpected: value {Quoted.Name(key)}");
            }
        }
    }
}
