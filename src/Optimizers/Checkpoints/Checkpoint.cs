using System.Globalization;

namespace Optimizers.Checkpoints;

/// <summary>
/// A training run as one file: the parameters of a model, the state of its optimizer with its schedules and loss scale,
/// everything else that is added, and values of yours. A run that is saved, ended and resumed goes on with the same bits.
/// </summary>
/// <remarks>
/// <para>The file is in the safetensors format; docs/checkpoints.md says what is where.</para>
/// <para>Saving: at every instant the path names either all of the old file or all of the new one, and when
/// <see cref="Save"/> returns, the new one survives a power cut. Loading: names, shapes, types, groups, options and the
/// checksum are compared before anything is touched.</para>
/// <para>What it holds may not be stepped or changed while it is saved or loaded.</para>
/// </remarks>
/// <example>
/// <code>
/// var checkpoint = new Checkpoint(optimizer);
/// checkpoint.Add("average", average);
/// checkpoint.Values["epoch"] = "3";
/// checkpoint.Save("run.safetensors");
/// …
/// CheckpointReport report = checkpoint.Load("run.safetensors");
/// </code>
/// </example>
public sealed class Checkpoint
{
    internal const string VersionKey = "version";
    internal const string ValuePrefix = "values.";

    internal const string ParametersKey = "parameters";

    /// <summary>
    /// The version of the files that are written. Version 2 added the state of schedules, whether a file has the parameters,
    /// and what the settings of a group were when the run began. Version 3 writes options by the contracts of configurations, and added
    /// the options of parts.
    /// </summary>
    internal const int Version = 3;

    // What the library's own names in a file begin with.
    private static readonly string[] _taken =
    [
        ParametersKey, "state", "values", "groups", "options", ModelManifest.ScaleName, ModelManifest.SchedulesName, ModelManifest.ClipName,
        ModelManifest.UpdateCountKey, VersionKey, FileChecksum.Key,
    ];

    private readonly ModelOptimizer? _optimizer;
    private readonly List<(string Prefix, object Part, Action<CheckpointManifest> List)> _parts = [];

    /// <summary>Makes a checkpoint.</summary>
    /// <param name="optimizer">The optimizer of a model; null: none, for what is added alone.</param>
    public Checkpoint(ModelOptimizer? optimizer = null) => _optimizer = optimizer;

    /// <summary>
    /// Whether the file holds the parameters' values as well. Default true. Set it to false only if the values come from
    /// elsewhere, before or after the load: the state of an optimizer belongs to the parameters that it was made with.
    /// </summary>
    public bool IncludeParameters { get; init; } = true;

    /// <summary>
    /// The names and contracts of your own optimizers, schedules and clips. The file has the options of a registered type one by one, and
    /// a load names the one that differs. Of a type that is not registered a load compares the text that a value gives of itself. The
    /// library's types need no registry. Default <see cref="ConfigurationRegistry.Empty"/>.
    /// </summary>
    public ConfigurationRegistry Registry
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = ConfigurationRegistry.Empty;

    /// <summary>
    /// Values of yours, such as the epoch, the place in the data or the state of a generator: any text, which is JSON if others
    /// are to read it. A load replaces them all by those of the file.
    /// </summary>
    public IDictionary<string, string> Values { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Adds something that has state: an average, a loss scale, an optimizer of a wrapper.</summary>
    /// <param name="name">What its names in the file begin with.</param>
    /// <param name="part">What is saved and loaded.</param>
    /// <exception cref="ArgumentException">The name is empty or taken, or has a dot in it.</exception>
    public void Add(string name, ICheckpointed part)
    {
        ArgumentNullException.ThrowIfNull(part);
        AddPart(name, part, part.Describe);
    }

    /// <summary>Adds the state of an optimizer of one buffer.</summary>
    /// <param name="name">What its names in the file begin with.</param>
    /// <param name="state">What is saved and loaded.</param>
    /// <exception cref="ArgumentException">The name is empty or taken, or has a dot in it.</exception>
    public void Add(string name, OptimizerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        AddPart(name, state, contents => StateManifest.List(contents, state, [state.Length]));
    }

    /// <summary>Saves everything.</summary>
    /// <param name="path">The file, which may be there already; its mode is kept, and a symbolic link to it stays one.</param>
    /// <returns>What was saved, and what of the run was not.</returns>
    /// <exception cref="IOException">It could not be written, the disk is full for example. The old file is as it was, and
    /// nothing else is left.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    /// <exception cref="ArgumentException">A name or a value has half of a surrogate pair.</exception>
    /// <exception cref="InvalidOperationException">The optimizer is in a step, the parameters do not hold their own values (an
    /// average is swapped in, say), or a part lists something else than it has. Nothing is written then.</exception>
    public CheckpointSaveReport Save(string path) => AtOnce.Wait(SaveCore(path, asynchronous: false, progress: null, default));

    /// <summary>Saves everything. Until it is done, nothing of it may be changed: await it before the next step.</summary>
    /// <param name="path">The file.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellation">Stops it; the old file is as it was then, and nothing else is left.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <inheritdoc cref="Save"/>
    public Task<CheckpointSaveReport> SaveAsync(
        string path, IProgress<CheckpointProgress>? progress = null, CancellationToken cancellation = default) =>
        SaveCore(path, asynchronous: true, progress, cancellation).AsTask();

    /// <summary>Loads everything.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What is allowed; null: a file of exactly what is here.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="CheckpointException">The file is damaged, of a newer version, or not of what is here; the message
    /// lists everything that is missing, unexpected or different. Nothing has changed then.</exception>
    /// <exception cref="IOException">The file cannot be read. Nothing has changed then, unless the message says so.</exception>
    /// <exception cref="InvalidOperationException">The optimizer is in a step, or the parameters do not hold their own values.
    /// Nothing has changed then.</exception>
    public CheckpointReport Load(string path, CheckpointLoadOptions? options = null) =>
        AtOnce.Wait(LoadCore(path, options, asynchronous: false, progress: null, default));

    /// <summary>
    /// Loads some parameters with their state, and nothing else. If it asks for every parameter, the number of updates comes too:
    /// see <see cref="CheckpointLoadOptions.Where"/>.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="where">Which parameters, by their names.</param>
    /// <inheritdoc cref="Load"/>
    public CheckpointReport LoadWhere(string path, Predicate<string> where) =>
        Load(path, new CheckpointLoadOptions { Where = where });

    /// <summary>Loads everything.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What is allowed; null: a file of exactly what is here.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellation">Stops it, as long as nothing has been changed.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <inheritdoc cref="Load"/>
    public Task<CheckpointReport> LoadAsync(
        string path,
        CheckpointLoadOptions? options = null,
        IProgress<CheckpointProgress>? progress = null,
        CancellationToken cancellation = default) =>
        LoadCore(path, options, asynchronous: true, progress, cancellation).AsTask();

    /// <summary>The optimizer of a model; null: none.</summary>
    internal ModelOptimizer? Optimizer => _optimizer;

    /// <summary>Lists everything that is to be saved, and refuses what cannot be.</summary>
    internal CheckpointSave Prepare(IProgress<CheckpointProgress>? progress = null, bool withGradients = false) =>
        Prepare(Contents(loading: null, withGradients), progress);

    private CheckpointSave Prepare(CheckpointManifest contents, IProgress<CheckpointProgress>? progress)
    {
        IEnumerable<KeyValuePair<string, string>> metadata = contents.Entries.OfType<ValueEntry>()
            .Select(entry => KeyValuePair.Create(entry.Name, entry.Get()))
            .Concat(Values.Select(pair => KeyValuePair.Create(
                ValuePrefix + pair.Key,
                pair.Value ?? throw new ArgumentException($"{nameof(Values)}[{Quoted.Name(pair.Key)}] is null. Give it a text, or remove the key."))))
            .Concat(Sets.Count == 0 ? [] : [KeyValuePair.Create(ParametersKey, contents.HasParameters ? "included" : "not included")])
            .Append(KeyValuePair.Create(VersionKey, Version.ToString(CultureInfo.InvariantCulture)))
            .Append(KeyValuePair.Create(FileChecksum.Key, FileChecksum.Zeros));
        return new CheckpointSave([.. contents.Entries.OfType<TensorEntry>()], metadata, progress);
    }

    internal async ValueTask<CheckpointSaveReport> SaveCore(
        string path, bool asynchronous, IProgress<CheckpointProgress>? progress, CancellationToken cancellation)
    {
        CheckpointManifest contents = Contents(loading: null, withGradients: false);
        using var held = new HeldValues(Sets, "a checkpoint of them is being saved. Await the save before the next step.");
        CheckpointSave saving = Prepare(contents, progress);
        using AtomicFile file = AtomicFile.Create(path, saving.Length, asynchronous);
        await saving.Write(file.Stream, new StreamAccess(file.Stream, asynchronous, cancellation)).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        if (asynchronous)
        {
            await Task.Run(file.Commit, CancellationToken.None).ConfigureAwait(false);
        }
        else
        {
            file.Commit();
        }

        GC.KeepAlive(_optimizer);
        return new CheckpointSaveReport(path, saving.Length, contents.HasParameters, NotListed(contents));
    }

    internal ValueTask<CheckpointReport> LoadCore(
        string path,
        CheckpointLoadOptions? options,
        bool asynchronous,
        IProgress<CheckpointProgress>? progress,
        CancellationToken cancellation) => LoadCore(
            SafetensorsReader.OpenFile(path, asynchronous), path, options, asynchronous, progress, cancellation);

    internal async ValueTask<CheckpointReport> LoadCore(
        Stream stream,
        string path,
        CheckpointLoadOptions? options,
        bool asynchronous,
        IProgress<CheckpointProgress>? progress,
        CancellationToken cancellation,
        bool restores = false)
    {
        using SafetensorsReader file = await SafetensorsReader.OpenCore(stream, leaveOpen: false, asynchronous, cancellation)
            .ConfigureAwait(false);
        var load = new CheckpointLoad(file.Header, options ?? new CheckpointLoadOptions(), restores);
        CheckpointManifest contents = Contents(load, withGradients: restores);
        load.Compare(contents, Values);
        var copy = new CheckpointCopy(file, load.Tensors, progress);
        await copy.Check(path, new StreamAccess(stream, asynchronous, cancellation)).ConfigureAwait(false);
        CheckVersion(file.Metadata, path);
        await copy.Look(load.Problems, new StreamAccess(stream, asynchronous, cancellation)).ConfigureAwait(false);
        if (!load.Problems.IsEmpty)
        {
            throw new CheckpointException(
                CheckpointFault.Different,
                $"\"{path}\" is not a checkpoint of what it was to be loaded into:",
                load.Problems.All,
                load.Problems.Advice);
        }

        // From here on it is not stopped any more: half of a checkpoint is worse than either.
        cancellation.ThrowIfCancellationRequested();
        using var held = new HeldValues(Sets, "a checkpoint is being loaded into them. Await the load before you use them.");
        await copy.Take(path, new StreamAccess(stream, asynchronous)).ConfigureAwait(false);
        foreach (Action action in load.Actions)
        {
            action();
        }

        RefreshRoundedCopies();
        foreach (ParameterSet set in Sets)
        {
            set.ValuesRevision++;
        }

        return new CheckpointReport(
            path,
            _optimizer?.UpdateCount,
            load.Tensors.Count,
            load.Left,
            load.Untouched,
            load.Differences,
            load.Changes,
            load.NotCompared,
            NotListed(contents),
            []);
    }

    private static void CheckVersion(IReadOnlyDictionary<string, string> metadata, string path)
    {
        if (!metadata.TryGetValue(VersionKey, out string? text))
        {
            return;
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int version) || version < 1)
        {
            throw new CheckpointException($"\"{path}\" is damaged: {Quoted.Name(text)} is no version of a checkpoint.");
        }

        if (version > Version)
        {
            throw new CheckpointException(
                CheckpointFault.Newer, $"\"{path}\" is of version {version}, but this library knows versions up to {Version}.", []);
        }
    }

    private void AddPart(string name, object part, Action<CheckpointManifest> list)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (_taken.Contains(name) || _parts.Exists(other => other.Prefix == name) || name.Contains('.', StringComparison.Ordinal))
        {
            throw new ArgumentException($"A part cannot be named \"{name}\": the name is taken, or has a dot.", nameof(name));
        }

        _parts.Add((name, part, list));
    }

    /// <summary>The sets of parameters that the run has: those of the optimizer, and those of what was added.</summary>
    private IReadOnlyList<ParameterSet> Sets =>
    [
        .. _parts.Select(part => part.Part switch
            {
                IModelOptimizer optimizer => optimizer.Parameters,
                AveragedWeights average => average.Parameters,
                _ => null,
            })
            .Prepend(_optimizer?.Parameters)
            .OfType<ParameterSet>()
            .Distinct(),
    ];

    private CheckpointManifest Contents(CheckpointLoad? loading, bool withGradients)
    {
        foreach (ParameterSet set in Sets)
        {
            set.ValueUse.RequireOfTheRun();
        }

        var contents = new CheckpointManifest(loading, Registry);
        var withValues = new HashSet<ParameterSet>();
        if (_optimizer is not null)
        {
            withValues.Add(_optimizer.Parameters);
        }

        // Before the optimizer, which lists what it holds only if the user has not done so.
        foreach ((string prefix, object part, Action<CheckpointManifest> list) in _parts)
        {
            contents.Lists(part);
            list(contents.Under(prefix));
            if (part is ModelOptimizer other && withValues.Add(other.Parameters))
            {
                ListParameters(contents.Under(prefix), other.Parameters, withGradients);
            }
        }

        if (_optimizer is not null)
        {
            _optimizer.Describe(contents);
            ListParameters(contents, _optimizer.Parameters, withGradients);
        }

        return contents;
    }

    private void ListParameters(CheckpointManifest contents, ParameterSet set, bool withGradients)
    {
        foreach (Parameter parameter in set)
        {
            if (IncludeParameters)
            {
                contents.Under(ParametersKey, new CheckpointOwner(parameter.Name)).Tensor(parameter.Name, parameter.Shape, () =>
                {
                    set.ValueUse.RequireNotReplaced();
                    return parameter.Values;
                });
            }

            // No part can be named so. The gradient of a table is set anew for each step.
            if (withGradients && !parameter.IsTable)
            {
                contents.Under(".gradients").Tensor(parameter.Name, parameter.Shape, () => parameter.Gradients);
            }
        }
    }

    private string[] NotListed(CheckpointManifest contents) =>
    [
        .. Sets.SelectMany(set => set.Parts)
            .Where(part => !contents.HasListed(part))
            .Select(part => part.LostIfNotSaved)
            .OfType<string>(),
    ];

    private void RefreshRoundedCopies()
    {
        foreach (Parameter parameter in Sets.SelectMany(set => set))
        {
            if (!parameter.BFloat16Values.IsEmpty)
            {
                parameter.KeepBFloat16Copy();
            }
        }
    }
}
