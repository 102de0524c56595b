using System.Globalization;

namespace Optimizers.Checkpoints;

/// <summary>
/// A training run as one file: the parameters of a model, the state of its optimizer with its schedules and loss scale,
/// all parts that you add, and values of your own. A run that is saved, ended and resumed continues with the same bits.
/// </summary>
/// <remarks>
/// <para>The file is in the safetensors format; docs/checkpoints.md describes its contents.</para>
/// <para>Saving: at every instant the path names either the complete old file or the complete new one. When
/// <see cref="Save"/> returns, the new file survives a power cut. Loading: names, shapes, types, groups, options and the
/// checksum are compared before anything is changed.</para>
/// <para>Do not take steps with the contents, and do not change them, while they are saved or loaded.</para>
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
    internal const string TensorsKey = "tensors";

    // No part can have this name.
    internal const string GradientsKey = ".gradients";

    /// <summary>
    /// The version of the files that this library writes. Version 2 added the state of schedules, whether a file has the parameters,
    /// and the settings that a group had when the run began. Version 3 writes options with the contracts of configurations, and added
    /// the options of parts.
    /// </summary>
    internal const int Version = 3;

    // The prefixes of the library's own names in a file.
    private static readonly string[] _taken =
    [
        ParametersKey, TensorsKey, "state", "values", "groups", "options", ModelManifest.ScaleName, ModelManifest.SchedulesName, ModelManifest.ClipName,
        ModelManifest.UpdateCountKey, VersionKey, FileChecksum.Key,
    ];

    private readonly ModelOptimizer? _optimizer;
    private readonly List<(string Prefix, object Part, Action<CheckpointManifest> List)> _parts = [];
    private readonly List<(string Name, Action<CheckpointManifest> List)> _tensors = [];

    /// <summary>Makes a checkpoint.</summary>
    /// <param name="optimizer">The optimizer of a model; null for a checkpoint that contains only the parts you add.</param>
    public Checkpoint(ModelOptimizer? optimizer = null) => _optimizer = optimizer;

    /// <summary>
    /// Whether the file includes the values of the parameters. Default true. Set it to false only if the values come from
    /// another source, before or after the load: the state of an optimizer fits only the parameters that it was made with.
    /// </summary>
    public bool IncludeParameters { get; init; } = true;

    /// <summary>
    /// The names and contracts of your own optimizers, schedules and clips. For a registered type, the file has each option separately,
    /// and a load names the option that differs. For a type that is not registered, a load compares the text that
    /// <see cref="object.ToString"/> returns. The library's own types need no registry. Default <see cref="ConfigurationRegistry.Empty"/>.
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
    /// Values of your own, such as the epoch, the position in the data or the state of a random generator. Any text is allowed; use JSON
    /// if other programs read it. A load replaces all of them by the values in the file.
    /// </summary>
    public IDictionary<string, string> Values { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Adds a part with state: for example an average, a loss scaler, or a wrapper of the optimizer.</summary>
    /// <param name="name">The prefix of the part's names in the file.</param>
    /// <param name="part">The part to save and load.</param>
    /// <exception cref="ArgumentException">The name is empty or taken, or contains a dot.</exception>
    public void Add(string name, ICheckpointed part)
    {
        ArgumentNullException.ThrowIfNull(part);
        AddPart(name, part, part.Describe);
    }

    /// <summary>Adds the state of an optimizer of one buffer.</summary>
    /// <param name="name">The prefix of the state's names in the file.</param>
    /// <param name="state">The state to save and load.</param>
    /// <exception cref="ArgumentException">The name is empty or taken, or contains a dot.</exception>
    public void Add(string name, OptimizerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        AddPart(name, state, contents => StateManifest.List(contents, state, [state.Length]));
    }

    /// <summary>
    /// Adds a tensor of your own under its own name, such as a buffer of a normalisation layer or the state of a random generator. The
    /// file stores it as <c>tensors.NAME</c>; a save reads the memory, and a load writes to it.
    /// </summary>
    /// <typeparam name="T">A type of 1, 2, 4 or 8 bytes that the format has, such as <see cref="float"/>, <see cref="long"/> or
    /// <see cref="byte"/>.</typeparam>
    /// <param name="name">The name of the tensor, which may contain dots.</param>
    /// <param name="shape">The length of each dimension; empty for a scalar.</param>
    /// <param name="elements">The memory of the elements.</param>
    /// <exception cref="ArgumentException">The name is empty or taken, the format does not have the type, or the number of elements
    /// differs from that of the shape.</exception>
    public void AddTensor<T>(string name, IReadOnlyList<int> shape, Memory<T> elements)
        where T : unmanaged
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(shape);
        if (_tensors.Exists(other => other.Name == name))
        {
            throw new ArgumentException($"There is a tensor \"{name}\" already. Choose another name.", nameof(name));
        }

        int length = Optimizers.Optimizer.LengthOf(shape);
        if (length != elements.Length)
        {
            throw new ArgumentException(
                $"The tensor \"{name}\" of the shape [{string.Join(", ", shape)}] has {length} elements, but {elements.Length} were given.", nameof(elements));
        }

        int[] dimensions = [.. shape];
        // The list is made once here so that a type that the format does not have is refused now.
        new CheckpointManifest().Tensor(name, dimensions, () => elements.Span);
        _tensors.Add((name, contents => contents.Tensor(name, dimensions, () => elements.Span)));
    }

    /// <summary>Saves the whole contents of the checkpoint to a file.</summary>
    /// <param name="path">The file. An existing file is replaced and its mode is kept; a symbolic link to it stays a link.</param>
    /// <returns>The report: what was saved, and which state of the run was not.</returns>
    /// <exception cref="IOException">The file could not be written, for example because the disk is full. The old file is unchanged, and
    /// no other file is left behind.</exception>
    /// <exception cref="UnauthorizedAccessException">The file or its folder may not be written.</exception>
    /// <exception cref="ArgumentException">A name or a value contains half of a surrogate pair.</exception>
    /// <exception cref="InvalidOperationException">The optimizer is in a step, the values of the parameters are replaced (for example by
    /// an average that is swapped in), or a part's memory does not match its description. In that case nothing is written.</exception>
    public CheckpointSaveReport Save(string path) => AtOnce.Wait(SaveCore(path, asynchronous: false, progress: null, default));

    /// <summary>
    /// Saves the whole contents of the checkpoint to a file. Await the task before the next step: until it ends, nothing that it saves
    /// may be changed.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="progress">Receives the progress.</param>
    /// <param name="cancellation">Cancels the save. The old file is then unchanged, and no other file is left behind.</param>
    /// <exception cref="OperationCanceledException">The save was cancelled.</exception>
    /// <inheritdoc cref="Save"/>
    public Task<CheckpointSaveReport> SaveAsync(
        string path, IProgress<CheckpointProgress>? progress = null, CancellationToken cancellation = default) =>
        SaveCore(path, asynchronous: true, progress, cancellation).AsTask();

    /// <summary>Loads the whole contents of the checkpoint from a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">The differences that the load accepts; null: the file must match exactly.</param>
    /// <returns>The report of the load.</returns>
    /// <exception cref="CheckpointException">The file is damaged, of a newer version, or does not match this checkpoint. The message
    /// lists everything that is missing, unexpected or different. In that case nothing has changed.</exception>
    /// <exception cref="IOException">The file cannot be read. In that case nothing has changed, unless the message says so.</exception>
    /// <exception cref="InvalidOperationException">The optimizer is in a step, or the values of the parameters are temporarily
    /// replaced: by an average or slow weights (SwapIn), between Sam.Ascend and the step, or during a step of L-BFGS. In these
    /// cases nothing has changed.</exception>
    public CheckpointReport Load(string path, CheckpointLoadOptions? options = null) =>
        AtOnce.Wait(LoadCore(path, options, asynchronous: false, progress: null, default));

    /// <summary>
    /// Loads some parameters with their state, and nothing else. If every parameter is selected, the number of updates is loaded too:
    /// see <see cref="CheckpointLoadOptions.Where"/>.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="where">Selects the parameters by their names.</param>
    /// <inheritdoc cref="Load"/>
    public CheckpointReport LoadWhere(string path, Predicate<string> where) =>
        Load(path, new CheckpointLoadOptions { Where = where });

    /// <summary>Loads the whole contents of the checkpoint from a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">The differences that the load accepts; null: the file must match exactly.</param>
    /// <param name="progress">Receives the progress.</param>
    /// <param name="cancellation">Cancels the load, as long as nothing has been changed.</param>
    /// <exception cref="OperationCanceledException">The load was cancelled.</exception>
    /// <inheritdoc cref="Load"/>
    public Task<CheckpointReport> LoadAsync(
        string path,
        CheckpointLoadOptions? options = null,
        IProgress<CheckpointProgress>? progress = null,
        CancellationToken cancellation = default) =>
        LoadCore(path, options, asynchronous: true, progress, cancellation).AsTask();

    /// <summary>The optimizer of a model; null if there is none.</summary>
    internal ModelOptimizer? Optimizer => _optimizer;

    /// <summary>Lists everything to save, and throws for anything that cannot be saved.</summary>
    internal CheckpointSave Prepare(IProgress<CheckpointProgress>? progress = null, bool withGradients = false) =>
        Prepare(Contents(loading: null, withGradients), progress);

    private CheckpointSave Prepare(CheckpointManifest contents, IProgress<CheckpointProgress>? progress)
    {
        IEnumerable<KeyValuePair<string, string>> metadata = contents.Entries.OfType<ValueEntry>()
            .Select(entry => KeyValuePair.Create(entry.Name, entry.Get()))
            .Concat(Values.Select(pair => KeyValuePair.Create(
                ValuePrefix + pair.Key,
                pair.Value ?? throw new ArgumentException($"{nameof(Values)}[{Quoted.Name(pair.Key)}] is null. Set it to a text, or remove the key."))))
            .Concat(Sets.Count == 0 ? [] : [KeyValuePair.Create(ParametersKey, contents.HasParameters ? "included" : "not included")])
            .Append(KeyValuePair.Create(VersionKey, Version.ToString(CultureInfo.InvariantCulture)))
            .Append(KeyValuePair.Create(FileChecksum.Key, FileChecksum.Zeros));
        return new CheckpointSave([.. contents.Entries.OfType<TensorEntry>()], metadata, progress);
    }

    internal async ValueTask<CheckpointSaveReport> SaveCore(
        string path, bool asynchronous, IProgress<CheckpointProgress>? progress, CancellationToken cancellation)
    {
        CheckpointManifest contents = Contents(loading: null, withGradients: false);
        using var held = new HeldValues(Sets, "a checkpoint saves them. Await the save before the next step.");
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
                $"\"{path}\" does not match the model and the parts that it was to be loaded into:",
                load.Problems.All,
                load.Problems.Advice);
        }

        // From here on the load cannot be cancelled: a checkpoint must not be loaded in part.
        cancellation.ThrowIfCancellationRequested();
        using var held = new HeldValues(Sets, "a checkpoint is loaded into them. Await the load before you use them.");
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
            throw new CheckpointException($"\"{path}\" is damaged: {Quoted.Name(text)} is not a version of the checkpoint format. Use an older checkpoint.");
        }

        if (version > Version)
        {
            throw new CheckpointException(
                CheckpointFault.Newer, $"\"{path}\" is of version {version} of the checkpoint format, but this library reads versions up to {Version}. Update the library.", []);
        }
    }

    private void AddPart(string name, object part, Action<CheckpointManifest> list)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (_taken.Contains(name) || _parts.Exists(other => other.Prefix == name) || name.Contains('.', StringComparison.Ordinal))
        {
            throw new ArgumentException($"A part cannot be named \"{name}\": the name is taken, or contains a dot. Choose another name.", nameof(name));
        }

        _parts.Add((name, part, list));
    }

    /// <summary>The parameter sets of the run: those of the optimizer and those of the added parts.</summary>
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

        // The parts come before the optimizer, which lists its own parts only if the user has not added them.
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

        foreach ((string _, Action<CheckpointManifest> list) in _tensors)
        {
            list(contents.Under(TensorsKey));
        }

        return contents;
    }

    private void ListParameters(CheckpointManifest contents, ParameterSet set, bool withGradients)
    {
        foreach (Parameter parameter in set)
        {
            if (IncludeParameters)
            {
                ValuesManifest.List(contents, parameter);
            }

            // A table is left out because its gradient is set anew for each step, and so are the gradients
            // of another library. A view may have been pointed at gradients, or at none, since the snapshot.
            CheckpointManifest gradients = contents.Under(GradientsKey);
            if (withGradients && parameter.HasGradientBuffer && set.GradientSource is null && gradients.Wants(parameter.Name, here: true))
            {
                ValuesManifest.ListGradients(gradients, parameter);
            }
        }

        // Another library may have parameters that are not in the set, because they are not trained.
        if (IncludeParameters && set.GradientSource is ICheckpointed source)
        {
            source.Describe(contents.Under(ParametersKey));
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
            if (parameter is { HasFloats: true, HasRoundedValues: true })
            {
                parameter.RoundValues();
            }
        }
    }
}
