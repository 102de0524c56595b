namespace Optimizers.Checkpoints;

/// <summary>
/// The file of a checkpoint in memory, including the gradients. It can restore everything to the bit, any number of times.
/// </summary>
internal sealed class CheckpointSnapshot : IDisposable
{
    // The text of a schedule may include its history, so it may differ from the file although the schedule is the same.
    // A view that had gradients may have been pointed at none since.
    private static readonly CheckpointLoadOptions _options = new()
    {
        AllowDifferentOptions = true,
        Ignore = name => name.Contains($"{Checkpoint.GradientsKey}.", StringComparison.Ordinal),
    };

    private readonly Checkpoint _checkpoint;
    private readonly MemoryFile _file;

    /// <summary>Saves the present state of everything.</summary>
    /// <exception cref="InvalidOperationException">The optimizer is in a step, or a part's memory does not fit its description.</exception>
    public CheckpointSnapshot(Checkpoint checkpoint)
    {
        CheckpointSave saving = checkpoint.Prepare(withGradients: true);
        _checkpoint = checkpoint;
        _file = new MemoryFile(saving.Length);
        AtOnce.Wait(saving.Write(_file, new StreamAccess(_file, asynchronous: false)));
    }

    /// <summary>Restores everything.</summary>
    /// <exception cref="CheckpointException">The contents have changed, for example by another parameter. In that case nothing
    /// has changed.</exception>
    public void Restore()
    {
        _file.Position = 0;
        AtOnce.Wait(_checkpoint.LoadCore(
            _file, "the state before", _options, asynchronous: false, progress: null, default, restores: true));
    }

    public void Dispose() => _file.Dispose();
}
