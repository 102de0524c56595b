namespace Optimizers;

/// <summary>
/// What a step does if a gradient is NaN or infinite, or so large that a parameter or its state would become NaN or infinite.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<NonFinitePolicy>))]
public enum NonFinitePolicy
{
    /// <summary>
    /// Throws a <see cref="NonFiniteGradientException"/> that names the parameter, the index and the value. Nothing has changed.
    /// </summary>
    Throw,

    /// <summary>
    /// Skips the step: parameters, state, counters and schedules stay as they are. A <see cref="ModelOptimizer"/> reports the
    /// skip, and throws after <see cref="ModelOptimizerOptions.MaximumConsecutiveSkips"/> skipped steps in a row. An
    /// <see cref="Optimizer"/> counts skipped steps in <see cref="Optimizer.Skips"/>.
    /// </summary>
    Skip,

    /// <summary>
    /// Applies the step without a check: a NaN enters the parameters, and stays in the state. Without clipping this policy
    /// saves one pass over the gradients.
    /// </summary>
    Propagate,
}
