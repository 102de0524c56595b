namespace Optimizers;

/// <summary>
/// An optimizer for one buffer of parameters. Each step takes the gradients and updates the parameters.
/// </summary>
/// <remarks>
/// For a model of many tensors, with groups, clipping and schedules, use <see cref="ModelOptimizer"/>; both give the same
/// bits. Use an instance from one thread at a time. A step may run on several threads itself. Different instances are
/// independent.
/// </remarks>
/// <example>
/// <code>
/// IOptimizer optimizer = new AdamW(parameters.Length, new AdamWOptions { WeightDecay = 0.1 });
/// optimizer.Step(parameters, gradients, learningRate: 3e-4);
/// </code>
/// </example>
public interface IOptimizer
{
    /// <summary>The learning rate of the options. A step without a rate uses it.</summary>
    double LearningRate { get; }

    /// <summary>The number of updates so far, and the named state slots.</summary>
    OptimizerState State { get; }

    /// <summary>
    /// Updates the parameters. Gradients are checked only if <see cref="Optimizer.NonFinite"/> is set to throw or to skip.
    /// Without the check, a NaN, an infinity, or a finite gradient above 1.8e19 (its square overflows) enters parameters and
    /// state and stays there.
    /// </summary>
    /// <param name="parameters">The parameters, as many as the optimizer was created for; updated in place. Pass an array of
    /// <see cref="float"/> or a span. For a <see cref="Memory{T}"/> pass its <see cref="Memory{T}.Span"/>; for a
    /// <see cref="List{T}"/> pass <see cref="System.Runtime.InteropServices.CollectionsMarshal.AsSpan{T}(List{T}?)"/>; pass a
    /// tensor as it is. Copy the elements of a <c>double[]</c>, a <c>float[,]</c> or a <c>float[][]</c> into a <c>float[]</c>
    /// first.</param>
    /// <param name="gradients">The gradient of the loss with respect to each parameter. Must not overlap the parameters.</param>
    /// <param name="learningRate">The learning rate of this step; 0 updates the state and leaves the parameters
    /// unchanged.</param>
    /// <exception cref="ArgumentException">A length differs from the optimizer's, or buffers overlap. Nothing has
    /// changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative, NaN or infinite as a float, or above the limit of a
    /// decoupled weight decay (<see cref="WeightDecayException"/>). Nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">Another thread is in a step of this optimizer. Or a rule threw an exception
    /// during the step: it is the inner exception, and the step is incomplete.</exception>
    void Step(Span<float> parameters, ReadOnlySpan<float> gradients, double learningRate);

    /// <summary>Updates the parameters with <see cref="LearningRate"/>, the rate of the options.</summary>
    /// <inheritdoc cref="Step(Span{float}, ReadOnlySpan{float}, double)"/>
    void Step(Span<float> parameters, ReadOnlySpan<float> gradients);

    /// <summary>
    /// Updates only the rows of a table that have a gradient; the time is proportional to those rows. All other rows keep their
    /// values and their state, and weight decay does not act on them either. The table has one update count for all rows.
    /// </summary>
    /// <param name="parameters">The table, row after row, with as many elements as the optimizer was created for; updated in
    /// place.</param>
    /// <param name="gradients">The rows and their gradients.</param>
    /// <param name="learningRate">The learning rate of this step; 0 updates the state and leaves the parameters
    /// unchanged.</param>
    /// <exception cref="NotSupportedException">The options do not support row gradients (see
    /// <see cref="IOptimizerOptions.TakesRows"/>), the weight decay is coupled, or the state is not in float32. Nothing has
    /// changed.</exception>
    /// <exception cref="ArgumentException">The length differs from the optimizer's or is not a multiple of the width, a row
    /// index is outside the table, or buffers overlap. Nothing has changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative, NaN or infinite as a float.</exception>
    /// <exception cref="InvalidOperationException">Another thread is in a step of this optimizer.</exception>
    void Step(Span<float> parameters, RowGradients gradients, double learningRate);

    /// <summary>Updates the rows of a table that have a gradient with <see cref="LearningRate"/>, the rate of the
    /// options.</summary>
    /// <inheritdoc cref="Step(Span{float}, RowGradients, double)"/>
    void Step(Span<float> parameters, RowGradients gradients);

    /// <summary>Creates an independent optimizer with the same options and a copy of the state.</summary>
    IOptimizer Clone();
}
