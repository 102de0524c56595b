namespace Optimizers;

/// <summary>
/// How the state of a parameter lies in a file: each slot and each scalar under its name, and the count of updates as "step".
/// </summary>
internal static class StateContents
{
    public static void List(CheckpointContents contents, OptimizerState state, IReadOnlyList<int> shape, bool scheduledMomentum)
    {
        foreach (string slot in state.SlotNames)
        {
            contents.Tensor(slot, shape, () => state.Slot(slot));
        }

        foreach (string scalar in state.ScalarNames)
        {
            contents.Tensor(scalar, [], () => state.MemoryOfScalar(scalar));
        }

        // Only a schedule of the momentum makes this more than a power.
        if (scheduledMomentum || state.MomentumProduct is not null)
        {
            contents.Tensor("momentum_product", [], state.MemoryOfMomentumProduct);
        }

        contents.Counter("step", () => state.Iteration, step => state.Iteration = step, countsUpdates: true);
    }
}
