namespace Optimizers.Checkpoints;

/// <summary>What a load did.</summary>
/// <param name="Path">The file.</param>
/// <param name="UpdateCount">The number of updates of the model's optimizer now; null without one.</param>
/// <param name="Tensors">The number of tensors that were loaded.</param>
/// <param name="Left">What of the file was left, by name.</param>
/// <param name="Untouched">What was listed here and stayed as it was, by name: a partial load does not ask for it, or a file
/// of another writer does not have it.</param>
/// <param name="Differences">What differs from the file and stayed as it is here, which was allowed: options, groups, and settings
/// of groups.</param>
/// <param name="Changes">Settings that the load changed, because the run had changed them before it was saved:
/// <see cref="ParameterGroup.RateFactor"/>, <see cref="ParameterGroup.WeightDecay"/> and <see cref="ParameterGroup.Frozen"/> of
/// groups, and <see cref="Parameter.HasGradient"/>.</param>
/// <param name="NotCompared">The options that do not say what they are, such as the function of a schedule.</param>
/// <param name="NotLoaded">State of the run that was not added to the checkpoint, one line each: an average or a wrapper that goes on
/// as it was before the load.</param>
/// <param name="PassedOver">The newer files that a <see cref="CheckpointFolder"/> passed over, each with the reason.</param>
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
    /// <summary>The file, what was loaded, and the lines of each list that is not empty.</summary>
    public override string ToString() =>
        $"{Path}: {TextTable.Count(Tensors, "tensor")}{(UpdateCount is { } updates ? $", {TextTable.Count(updates, "update")}" : string.Empty)}"
        + Lines("differs, and stayed as it is here", Differences)
        + Lines("changed", Changes)
        + Lines("not loaded", NotLoaded)
        + Lines("untouched", Untouched)
        + Lines("left in the file", Left)
        + Lines("not compared", NotCompared)
        + Lines("passed over", PassedOver);

    internal static string Lines(string title, IReadOnlyList<string> lines) => string.Concat(lines.Select(line => $"\n  {title}: {line}"));
}

/// <summary>How far a save or a load is.</summary>
/// <param name="Bytes">The number of bytes that are done.</param>
/// <param name="TotalBytes">The number of bytes that are to be done. A load reads twice: to check, and to take over.</param>
public readonly record struct CheckpointProgress(long Bytes, long TotalBytes);
