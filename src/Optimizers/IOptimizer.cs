namespace Optimizers;

/// <summary>
/// An optimizer for one buffer of parameters: give it the gradients of each step, and it moves the parameters.
/// </summary>
/// <remarks>
/// For a model of many tensors, with groups, clipping and schedules, see <see cref="ModelOptimizer"/>; both give the same
/// bits. An instance is used by one thread at a time, and may use several itself; different instances are independent.
/// </remarks>
/// <example>
/// <code>
/// IOptimizer optimizer = new AdamW(parameters.Length, new AdamWOptions { WeightDecay = 0.1 });
/// optimizer.Step(parameters, gradients, learningRate: 3e-4);
/// </code>
/// </example>
public interface IOptimizer
{
    /// <summary>The rate of the options, which a step without a rate uses.</summary>
    double LearningRate { get; }

    /// <summary>The number of updates so far, and the named state slots.</summary>
    OptimizerState State { get; }

    /// <summary>Updates the parameters.</summary>
    /// <param name="parameters">The parameters, as many as the optimizer was made for; updated in place.</param>
    /// <param name="gradients">The gradient of the loss by each parameter. May not overlap the parameters.</param>
    /// <param name="learningRate">The rate of this step; 0 updates the state and leaves the parameters.</param>
    /// <exception cref="ArgumentException">A length is not the optimizer's, or buffers overlap. Nothing has changed then.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative, NaN or infinite as a float, or above what a decoupled
    /// weight decay allows (<see cref="WeightDecayException"/>). Nothing has changed then.</exception>
    /// <exception cref="InvalidOperationException">Another thread is in a step of this optimizer; or a rule threw the inner
    /// exception while it ran, and the step is incomplete.</exception>
    void Step(Span<float> parameters, ReadOnlySpan<float> gradients, double learningRate);

    /// <summary>An independent optimizer with the same options and a copy of the state.</summary>
    IOptimizer Clone();
}
