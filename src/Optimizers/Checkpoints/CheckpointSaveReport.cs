namespace Optimizers.Checkpoints;

/// <summary>What a save did.</summary>
/// <param name="Path">The file.</param>
/// <param name="Bytes">The length of the file.</param>
/// <param name="HasParameters">Whether the file has the values of the parameters: <see cref="Checkpoint.IncludeParameters"/>.
/// False also without an optimizer of a model.</param>
/// <param name="NotSaved">State of the run that is not in the file, one line each: an average of the same parameters, or a
/// wrapper of the optimizer, that was not added to the checkpoint. A resumed run would begin anew with it. Empty if nothing
/// is missing that the library can know of.</param>
public sealed record CheckpointSaveReport(string Path, long Bytes, bool HasParameters, IReadOnlyList<string> NotSaved)
{
    /// <summary>The file, its length, and what it lacks.</summary>
    public override string ToString() =>
        $"{Path}: {TextTable.Count(Bytes, "byte")}, {(HasParameters ? "with" : "without")} parameters"
        + CheckpointReport.Lines("not saved", NotSaved);
}
