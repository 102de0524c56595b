namespace Optimizers.Checkpoints;

/// <summary>The report of a save.</summary>
/// <param name="Path">The file.</param>
/// <param name="Bytes">The length of the file.</param>
/// <param name="HasParameters">Whether the file has the values of the parameters: see <see cref="Checkpoint.IncludeParameters"/>.
/// False also without an optimizer of a model.</param>
/// <param name="NotSaved">The state of the run that is not in the file, one line each: an average of the same parameters, or a
/// wrapper of the optimizer, that was not added to the checkpoint. A resumed run would start it from the beginning. Empty if
/// the library knows of no missing state.</param>
public sealed record CheckpointSaveReport(string Path, long Bytes, bool HasParameters, IReadOnlyList<string> NotSaved)
{
    /// <summary>Shows the file, its length, and the state that it lacks.</summary>
    public override string ToString() =>
        $"{Path}: {TextTable.Count(Bytes, "byte")}, {(HasParameters ? "with" : "without")} parameters"
        + CheckpointReport.Lines("not saved", NotSaved);
}
