namespace Optimizers;

/// <summary>
/// An optimizer of a whole model: <see cref="ModelOptimizer"/>, or a wrapper that does more around its steps.
/// </summary>
/// <remarks>
/// Implement it for a wrapper of your own: pass on what the wrapped optimizer has, and return it as <see cref="Inner"/>. A wrapper with
/// state implements <see cref="ICheckpointed"/> too, and is added to the checkpoint by a name.
/// </remarks>
public interface IModelOptimizer
{
    /// <summary>The parameters that are updated.</summary>
    ParameterSet Parameters { get; }

    /// <summary>The number of updates so far; the index that schedules are asked for next.</summary>
    long UpdateCount { get; }

    /// <summary>
    /// The groups, in their order; a parameter belongs to the first that matches it. Always the same ones, but they may be
    /// frozen and thawed.
    /// </summary>
    IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>
    /// The optimizer that this one wraps; null if it wraps none. A wrapper looks here for the options of the
    /// <see cref="ModelOptimizer"/> within: its <see cref="LossScaler"/>, and whether it zeroes gradients.
    /// </summary>
    IModelOptimizer? Inner { get; }

    /// <summary>Updates every parameter that has a gradient and is not frozen.</summary>
    /// <param name="lossScale">What the loss was multiplied by before its gradients were taken; left out: 1.</param>
    /// <returns>What was done.</returns>
    StepReport Step(LossScale lossScale = default);

    /// <summary>
    /// Updates with the gradients of the micro-batches that a <see cref="GradientAccumulator"/> has accumulated, although there are
    /// fewer than it waits for. A wrapper passes the call on. Without accumulated gradients nothing changes.
    /// </summary>
    /// <returns>What was done; <see cref="StepOutcome.NothingToUpdate"/> if nothing was accumulated.</returns>
    StepReport Flush();
}
