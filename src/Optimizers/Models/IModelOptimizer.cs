namespace Optimizers;

/// <summary>
/// An optimizer of a whole model: <see cref="ModelOptimizer"/>, or a wrapper that does more around its steps.
/// </summary>
/// <remarks>
/// Implement this interface for a wrapper of your own: forward the members of the wrapped optimizer, and return it as
/// <see cref="Inner"/>. If the wrapper has state, implement <see cref="ICheckpointed"/> too, and add the wrapper to the
/// checkpoint under a name.
/// </remarks>
public interface IModelOptimizer
{
    /// <summary>The parameters that are updated.</summary>
    ParameterSet Parameters { get; }

    /// <summary>The number of updates so far, which is also the schedule index of the next update.</summary>
    long UpdateCount { get; }

    /// <summary>
    /// The groups, in order; a parameter belongs to the first group that matches it. The list never changes, but its groups
    /// may be frozen and thawed.
    /// </summary>
    IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>
    /// The wrapped optimizer; null if there is none. A wrapper follows it to read the options of the
    /// <see cref="ModelOptimizer"/> at the end of the chain: its <see cref="LossScaler"/>, and whether it zeroes gradients.
    /// </summary>
    IModelOptimizer? Inner { get; }

    /// <summary>Updates every parameter that has a gradient and is not frozen.</summary>
    /// <param name="lossScale">The factor by which the loss was multiplied before the gradients were computed; default 1.</param>
    /// <returns>A report of the step.</returns>
    StepReport Step(LossScale lossScale = default);

    /// <summary>
    /// Updates with the gradients that a <see cref="GradientAccumulator"/> has accumulated, although some micro-batches are
    /// missing. A wrapper forwards the call. Without accumulated gradients nothing changes.
    /// </summary>
    /// <returns>A report of the step; <see cref="StepOutcome.NothingToUpdate"/> if nothing was accumulated.</returns>
    StepReport Flush();
}
