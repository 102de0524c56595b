namespace Optimizers;

/// <summary>
/// What a step does about gradients that are NaN or infinite, and about finite ones that would make a parameter or its state so.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<NonFinitePolicy>))]
public enum NonFinitePolicy
{
    /// <summary>
    /// Throws a <see cref="NonFiniteGradientException"/> that names the parameter, the index and the value. Nothing has
    /// changed then.
    /// </summary>
    Throw,

    /// <summary>
    /// Leaves parameters, state, counters and schedules as they are. A <see cref="ModelOptimizer"/> says so in the report, and throws
    /// after <see cref="ModelOptimizerOptions.MaximumConsecutiveSkips"/> such steps in a row; an <see cref="Optimizer"/> counts them
    /// in <see cref="Optimizer.Skips"/>.
    /// </summary>
    Skip,

    /// <summary>
    /// Updates all the same: a NaN gets into the parameters, and into the state for good. Without clipping it saves the pass
    /// over the gradients that looks for it.
    /// </summary>
    Propagate,
}
