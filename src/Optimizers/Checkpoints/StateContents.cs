namespace Optimizers;

/// <summary>How the state of a parameter lies in a file: each slot under its name, and the count of updates as "step".</summary>
internal static class StateContents
{
    public static void List(CheckpointContents contents, OptimizerState state, IReadOnlyList<int> shape)
    {
        foreach (string slot in state.SlotNames)
        {
            contents.Tensor(slot, shape, () => state.Slot(slot));
        }

        contents.Counter("step", () => state.Iteration, step => state.Iteration = step, countsUpdates: true);
    }
}
