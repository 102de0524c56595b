namespace Optimizers.Checkpoints;

/// <summary>
/// Lists the state of a parameter for a checkpoint: each slot and each scalar under its name, and the count of updates as "step".
/// </summary>
internal static class StateManifest
{
    public static void List(CheckpointManifest contents, OptimizerState state, IReadOnlyList<int> shape, bool scheduledMomentum = false)
    {
        foreach (Slot slot in state.Slots)
        {
            ListSlot(contents, slot, TensorShape.DimensionsOf(slot.Declared.Extent, shape));
        }

        foreach (string scalar in state.ScalarNames)
        {
            contents.Scalar(scalar, () => state.Scalar(scalar), value => state.SetScalar(scalar, value));
        }

        // Without a momentum schedule, the product of the betas is a power, and need not be stored.
        if (contents.Wants("momentum_product", here: scheduledMomentum || state.MomentumProduct is not null))
        {
            contents.Scalar(
                "momentum_product",
                () => state.History.MomentumProduct,
                product => state.MomentumProduct = product);
        }
        else
        {
            // A file without the product belongs to a run without a momentum schedule.
            contents.WhenLoaded(() => state.MomentumProduct = null);
        }

        contents.Counter("step", () => state.Iteration, step => state.Iteration = step, countsUpdates: true);
    }

    // Stored as it is in memory, so that nothing is rounded.
    private static void ListSlot(CheckpointManifest contents, Slot slot, IReadOnlyList<int> shape)
    {
        string name = slot.Declared.Name;
        switch (slot.Format)
        {
            case StateFormat.Float32:
                contents.Tensor(name, shape, slot.Stored<float>);
                break;

            case StateFormat.BFloat16:
                contents.Tensor(name, shape, slot.Stored<BFloat16>);
                break;

            // These codes are the roots of the values, not the values themselves.
            case StateFormat.Half when slot.Declared.NonNegative:
                contents.Tensor($"{name}_root", shape, slot.Stored<Half>);
                break;

            case StateFormat.Half:
                contents.Tensor(name, shape, slot.Stored<Half>);
                break;

            case StateFormat.Block8:
                contents.Tensor($"{name}_codes", shape, slot.Stored<byte>);
                contents.Tensor($"{name}_scales", [((IScaled)slot).Scales.Length], () => ((IScaled)slot).Scales);
                break;

            default:
                throw new System.Diagnostics.UnreachableException($"A slot cannot have the format {slot.Format}.");
        }
    }
}
