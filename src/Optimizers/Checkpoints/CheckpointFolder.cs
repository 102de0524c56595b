using System.Globalization;

namespace Optimizers.Checkpoints;

/// <summary>
/// The newest checkpoints of a run, one file each, in a folder: saves under the number of the step, deletes old ones, and
/// loads the newest that is intact.
/// </summary>
/// <remarks>
/// <para>Files are named <c>checkpoint-000001000.safetensors</c>. Everything else in the folder is left alone, except what a
/// killed process has left of such a file.</para>
/// <para>One process saves; others may load at the same time.</para>
/// </remarks>
/// <example>
/// <code>
/// var folder = new CheckpointFolder("runs/7", checkpoint) { Keep = 3 };
/// long step = folder.LoadNewest()?.UpdateCount ?? 0;
/// for (; step &lt; steps; step++)
/// {
///     Train(step);
///     if ((step + 1) % 1_000 == 0)
///     {
///         folder.Save(step + 1);
///     }
/// }
/// </code>
/// </example>
public sealed class CheckpointFolder
{
    private const string Ending = ".safetensors";

    private readonly string _folder;
    private readonly Checkpoint _checkpoint;
    private readonly string _start;

    /// <summary>Makes a keeper of checkpoints.</summary>
    /// <param name="folder">The folder. It is made, with the folders above it, when the first file is saved.</param>
    /// <param name="checkpoint">What is saved and loaded.</param>
    /// <param name="name">What the names of the files begin with, before a hyphen and the number of the step.</param>
    /// <exception cref="ArgumentException">The folder or the name is empty, or the name is not one of a file.</exception>
    public CheckpointFolder(string folder, Checkpoint checkpoint, string name = "checkpoint")
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.AsSpan().ContainsAny(Path.GetInvalidFileNameChars()) || name != Path.GetFileName(name))
        {
            throw new ArgumentException(
                $"\"{name}\" cannot begin the names of files; use letters, digits, hyphens and underscores.", nameof(name));
        }

        _folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        _checkpoint = checkpoint;
        _start = $"{name}-";
    }

    /// <summary>How many files to keep, the newest; at least 1, default 3. A damaged one does not count.</summary>
    public int Keep
    {
        get;
        init
        {
            Require.AtLeast(value, 1, nameof(Keep));
            field = value;
        }
    } = 3;

    /// <summary>The files that are there, the newest first.</summary>
    public IReadOnlyList<(long Step, string Path)> Files => Directory.Exists(_folder)
        ? [.. Directory.EnumerateFiles(_folder, $"*{Ending}")
            .Select(path => (Step: StepOf(path), Path: path))
            .Where(file => file.Step >= 0)
            .OrderByDescending(file => file.Step).ThenByDescending(file => file.Path, StringComparer.Ordinal)]
        : [];

    /// <summary>Saves under the number of a step, then deletes what is older than the files to keep.</summary>
    /// <param name="step">The number, at least 0.</param>
    /// <returns>What was saved, and where.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    /// <inheritdoc cref="Checkpoint.Save" path="/exception"/>
    public CheckpointSaveReport Save(long step) => AtOnce.Wait(SaveCore(step, asynchronous: false, progress: null, default));

    /// <summary>Saves under the number of a step, then deletes what is older than the files to keep. Await it before the next
    /// step.</summary>
    /// <param name="step">The number, at least 0.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellation">Stops it; nothing is left of the new file then.</param>
    /// <returns>What was saved, and where.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    /// <inheritdoc cref="Checkpoint.SaveAsync" path="/exception"/>
    public Task<CheckpointSaveReport> SaveAsync(
        long step, IProgress<CheckpointProgress>? progress = null, CancellationToken cancellation = default) =>
        SaveCore(step, asynchronous: true, progress, cancellation).AsTask();

    /// <summary>
    /// Loads the newest file that is intact. One that is damaged, or cannot be read, is passed over and the report says
    /// so; one that is of another model, of other options or of a newer version is not, since older ones would be too.
    /// </summary>
    /// <param name="options">What is allowed; null: a file of exactly what is here.</param>
    /// <returns>What was done; null if there is no file.</returns>
    /// <exception cref="IOException">The path of the folder is that of a file.</exception>
    /// <exception cref="CheckpointException">No file is intact, or the newest intact one cannot be used. Nothing has changed
    /// then.</exception>
    public CheckpointReport? LoadNewest(CheckpointLoadOptions? options = null) =>
        AtOnce.Wait(LoadCore(options, asynchronous: false, progress: null, default));

    /// <inheritdoc cref="LoadNewest"/>
    /// <param name="options">What is allowed; null: a file of exactly what is here.</param>
    /// <param name="progress">Is told how far it is with each file that is tried.</param>
    /// <param name="cancellation">Stops it, as long as nothing has been changed.</param>
    public Task<CheckpointReport?> LoadNewestAsync(
        CheckpointLoadOptions? options = null,
        IProgress<CheckpointProgress>? progress = null,
        CancellationToken cancellation = default) =>
        LoadCore(options, asynchronous: true, progress, cancellation).AsTask();

    /// <summary>Flushes a folder in which another one has been made.</summary>
    internal Action<string> FlushFolder { get; init; } = FolderFlush.Flush;

    private async ValueTask<CheckpointSaveReport> SaveCore(
        long step, bool asynchronous, IProgress<CheckpointProgress>? progress, CancellationToken cancellation)
    {
        string path = Prepare(step);
        CheckpointSaveReport report = await _checkpoint.SaveCore(path, asynchronous, progress, cancellation).ConfigureAwait(false);
        Prune(path);
        return report;
    }

    private async ValueTask<CheckpointReport?> LoadCore(
        CheckpointLoadOptions? options,
        bool asynchronous,
        IProgress<CheckpointProgress>? progress,
        CancellationToken cancellation)
    {
        // Without files a run begins anew, which should not happen because of a wrong path.
        if (File.Exists(_folder))
        {
            throw new IOException($"\"{_folder}\" is a file, and checkpoints need a folder. Give another path.");
        }

        var passedOver = new List<string>();
        foreach ((_, string path) in Files)
        {
            try
            {
                CheckpointReport report = await _checkpoint
                    .LoadCore(path, options, asynchronous, progress, cancellation).ConfigureAwait(false);
                return report with { PassedOver = passedOver };
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException
                or CheckpointException { Fault: CheckpointFault.Damaged })
            {
                passedOver.Add($"{path}: {exception.Message}");
            }
        }

        return passedOver.Count == 0
            ? null
            : throw new CheckpointException(CheckpointFault.Damaged, $"No checkpoint in \"{_folder}\" is intact:", passedOver);
    }

    private string Prepare(long step)
    {
        Require.AtLeast(step, 0);
        FolderFlush.Create(_folder, FlushFolder);
        AtomicFile.DeleteStale(_folder, $".{_start}");
        return Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{_start}{step:D9}{Ending}"));
    }

    private long StepOf(string path)
    {
        ReadOnlySpan<char> name = Path.GetFileName(path.AsSpan());
        return name.StartsWith(_start, StringComparison.Ordinal)
            && name.EndsWith(Ending, StringComparison.Ordinal)
            && long.TryParse(name[_start.Length..^Ending.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long step)
                ? step
                : -1;
    }

    // The file that has just been saved is intact and stays, whatever its number; it is one of those to keep.
    private void Prune(string saved)
    {
        int kept = 1;
        foreach ((_, string path) in Files.Where(file => file.Path != saved))
        {
            if (kept >= Keep)
            {
                TryDelete(path);
            }
            else if (LooksIntact(path))
            {
                kept++;
            }
        }
    }

    // Without reading all of it; what is cut off or not a checkpoint at all shows in the header already.
    private static bool LooksIntact(string path)
    {
        try
        {
            SafetensorsReader.Open(path).Dispose();
            return true;
        }
        catch (Exception exception) when (exception is CheckpointException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The checkpoint is saved; the next one deletes it.
        }
    }
}
