using System.Globalization;

namespace Optimizers.Checkpoints;

/// <summary>
/// The newest checkpoints of a run, as one file each in a folder. It saves under the number of the step, deletes old files, and
/// loads the newest intact file.
/// </summary>
/// <remarks>
/// <para>Files are named <c>checkpoint-000001000.safetensors</c>. Other files in the folder are never deleted, except
/// incomplete checkpoint files of killed processes.</para>
/// <para>Only one process may save; others may load at the same time.</para>
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

    /// <summary>Makes a folder of checkpoints.</summary>
    /// <param name="folder">The folder. The first save creates it, with its parent folders.</param>
    /// <param name="checkpoint">The checkpoint to save and load.</param>
    /// <param name="name">The start of the file names; a hyphen and the number of the step follow.</param>
    /// <exception cref="ArgumentException">The folder or the name is empty, or the name cannot be part of a file name.</exception>
    public CheckpointFolder(string folder, Checkpoint checkpoint, string name = "checkpoint")
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.AsSpan().ContainsAny(Path.GetInvalidFileNameChars()) || name != Path.GetFileName(name))
        {
            throw new ArgumentException(
                $"\"{name}\" cannot be the start of file names. Use letters, digits, hyphens and underscores.", nameof(name));
        }

        _folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        _checkpoint = checkpoint;
        _start = $"{name}-";
    }

    /// <summary>The number of files to keep: the newest. At least 1; default 3. Damaged files do not count.</summary>
    public int Keep
    {
        get;
        init
        {
            Require.AtLeast(value, 1, nameof(Keep));
            field = value;
        }
    } = 3;

    /// <summary>The existing files, the newest first.</summary>
    public IReadOnlyList<(long Step, string Path)> Files => Directory.Exists(_folder)
        ? [.. Directory.EnumerateFiles(_folder, $"*{Ending}")
            .Select(path => (Step: StepOf(path), Path: path))
            .Where(file => file.Step >= 0)
            .OrderByDescending(file => file.Step).ThenByDescending(file => file.Path, StringComparer.Ordinal)]
        : [];

    /// <summary>Saves under the number of a step, then deletes files that are older than the files to keep.</summary>
    /// <param name="step">The number of the step, at least 0.</param>
    /// <returns>The report: what was saved, and where.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    /// <inheritdoc cref="Checkpoint.Save" path="/exception"/>
    public CheckpointSaveReport Save(long step) => AtOnce.Wait(SaveCore(step, asynchronous: false, progress: null, default));

    /// <summary>Saves under the number of a step, then deletes files that are older than the files to keep. Await the task before the
    /// next step.</summary>
    /// <param name="step">The number of the step, at least 0.</param>
    /// <param name="progress">Receives the progress.</param>
    /// <param name="cancellation">Cancels the save. No part of the new file is left behind.</param>
    /// <returns>The report: what was saved, and where.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    /// <inheritdoc cref="Checkpoint.SaveAsync" path="/exception"/>
    public Task<CheckpointSaveReport> SaveAsync(
        long step, IProgress<CheckpointProgress>? progress = null, CancellationToken cancellation = default) =>
        SaveCore(step, asynchronous: true, progress, cancellation).AsTask();

    /// <summary>
    /// Loads the newest intact file. A file that is damaged or cannot be read is skipped, and the report names it. If the newest intact
    /// file is of another model, has other options or is of a newer version, the load throws, because older files would not match either.
    /// </summary>
    /// <param name="options">The differences that the load accepts; null: the file must match exactly.</param>
    /// <returns>The report of the load; null if there is no file.</returns>
    /// <exception cref="IOException">The path of the folder is that of a file.</exception>
    /// <exception cref="CheckpointException">No file is intact, or the newest intact file cannot be used. In that case nothing has
    /// changed.</exception>
    public CheckpointReport? LoadNewest(CheckpointLoadOptions? options = null) =>
        AtOnce.Wait(LoadCore(options, asynchronous: false, progress: null, default));

    /// <inheritdoc cref="LoadNewest"/>
    /// <param name="options">The differences that the load accepts; null: the file must match exactly.</param>
    /// <param name="progress">Receives the progress with each file that is tried.</param>
    /// <param name="cancellation">Cancels the load, as long as nothing has been changed.</param>
    public Task<CheckpointReport?> LoadNewestAsync(
        CheckpointLoadOptions? options = null,
        IProgress<CheckpointProgress>? progress = null,
        CancellationToken cancellation = default) =>
        LoadCore(options, asynchronous: true, progress, cancellation).AsTask();

    /// <summary>Flushes a folder after another folder has been created in it.</summary>
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
        // A run without files starts from the beginning. A wrong path must not cause that.
        if (File.Exists(_folder))
        {
            throw new IOException($"\"{_folder}\" is a file, but checkpoints need a folder. Give the path of a folder.");
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
            : throw new CheckpointException(CheckpointFault.Damaged, $"No checkpoint in \"{_folder}\" can be read:", passedOver);
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

    // The file that was just saved is intact. It stays, and counts as one of the files to keep, whatever its number is.
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

    // Reads the header only; a file that is cut short or not a checkpoint already fails there.
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
            // The checkpoint is saved; the next save deletes this file.
        }
    }
}
