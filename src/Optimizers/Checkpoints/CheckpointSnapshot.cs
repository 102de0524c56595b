namespace Optimizers.Checkpoints;

/// <summary>
/// The file of a checkpoint in memory, with the gradients too: what everything can be put back to, bit for bit and as often
/// as one likes.
/// </summary>
internal sealed class CheckpointSnapshot : IDisposable
{
    // Schedules may have a history that shows in their text; they are what they are here, and not what they were.
    private static readonly CheckpointLoadOptions _options = new() { AllowDifferentOptions = true };

    private readonly Checkpoint _checkpoint;
    private readonly MemoryFile _file;

    /// <summary>Takes everything as it is now.</summary>
    /// <exception cref="InvalidOperationException">The optimizer is in a step, or a part lists something else than it has.</exception>
    public CheckpointSnapshot(Checkpoint checkpoint)
    {
        CheckpointSave saving = checkpoint.Prepare(withGradients: true);
        _checkpoint = checkpoint;
        _file = new MemoryFile(saving.Length);
        AtOnce.Wait(saving.Write(_file, new StreamAccess(_file, asynchronous: false)));
    }

    /// <summary>Puts everything back.</summary>
    /// <exception cref="CheckpointException">There is something else now than there was, such as another parameter. Nothing
    /// has changed then.</exception>
    public void Restore()
    {
        _file.Position = 0;
        AtOnce.Wait(_checkpoint.LoadCore(
            _file, "the state before", _options, asynchronous: false, progress: null, default, restores: true));
    }

    public void Dispose() => _file.Dispose();
}
