namespace Optimizers.Checkpoints;

/// <summary>The report of a load.</summary>
/// <param name="Path">The file.</param>
/// <param name="UpdateCount">The number of updates of the model's optimizer after the load; null without an optimizer.</param>
/// <param name="Tensors">The number of tensors that were loaded.</param>
/// <param name="Left">The names of items in the file that were not loaded.</param>
/// <param name="Untouched">The names of items of this checkpoint that were not changed, because a partial load does not include them or
/// a file from another program does not have them.</param>
/// <param name="Differences">The options, groups and settings of groups that differ from the file and keep the values of this program,
/// as the load options allow.</param>
/// <param name="Changes">The settings that the load changed, because the run had changed them before it was saved:
/// <see cref="ParameterGroup.RateFactor"/>, <see cref="ParameterGroup.WeightDecay"/> and <see cref="ParameterGroup.Frozen"/> of
/// groups, and <see cref="Parameter.HasGradient"/>.</param>
/// <param name="NotCompared">The options that cannot be compared, such as the function of a schedule.</param>
/// <param name="NotLoaded">The state of the run that was not added to the checkpoint, one line each. An example is an average or a
/// wrapper, which continues as it was before the load.</param>
/// <param name="PassedOver">The newer files that a <see cref="CheckpointFolder"/> skipped, each with the reason.</param>
public sealed record CheckpointReport(
    string Path,
    long? UpdateCount,
    int Tensors,
    IReadOnlyList<string> Left,
    IReadOnlyList<string> Untouched,
    IReadOnlyList<string> Differences,
    IReadOnlyList<string> Changes,
    IReadOnlyList<string> NotCompared,
    IReadOnlyList<string> NotLoaded,
    IReadOnlyList<string> PassedOver)
{
    /// <summary>Shows the file, the number of tensors and updates, and the lines of each list that is not empty.</summary>
    public override string ToString() =>
        $"{Path}: {TextTable.Count(Tensors, "tensor")}{(UpdateCount is { } updates ? $", {TextTable.Count(updates, "update")}" : string.Empty)}"
        + Lines("differs from the file, kept as it is here", Differences)
        + Lines("changed", Changes)
        + Lines("not loaded", NotLoaded)
        + Lines("untouched", Untouched)
        + Lines("left in the file", Left)
        + Lines("not compared", NotCompared)
        + Lines("skipped", PassedOver);

    internal static string Lines(string title, IReadOnlyList<string> lines) => string.Concat(lines.Select(line => $"\n  {title}: {line}"));
}

/// <summary>The progress of a save or a load.</summary>
/// <param name="Bytes">The number of bytes done.</param>
/// <param name="TotalBytes">The number of bytes to do. A load reads the data twice: to check them, and to copy them.</param>
public readonly record struct CheckpointProgress(long Bytes, long TotalBytes);
