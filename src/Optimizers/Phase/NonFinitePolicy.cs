namespace Optimizers;

/// <summary>What a step of a model does about gradients that are NaN or infinite.</summary>
public enum NonFinitePolicy
{
    /// <summary>
    /// Throws a <see cref="NonFiniteGradientException"/> that names the parameter, the index and the value. Nothing has
    /// changed then.
    /// </summary>
    Throw,

    /// <summary>
    /// Leaves parameters, state, counters and schedules as they are, and says so in the report; throws after
    /// <see cref="ModelOptimizerOptions.MaximumConsecutiveSkips"/> such steps in a row.
    /// </summary>
    Skip,

    /// <summary>
    /// Updates all the same: the NaN gets into the parameters, and into the state for good. Without clipping it saves the pass
    /// over the gradients that looks for it.
    /// </summary>
    Propagate,
}
