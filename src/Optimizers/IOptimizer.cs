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

    /// <summary>
    /// Updates the parameters. Gradients are not checked unless an <see cref="Optimizer.NonFinite"/> asks for it: a NaN or an
    /// infinity, or the square of a finite gradient beyond 1.8e19, gets into parameters and state and stays there.
    /// </summary>
    /// <param name="parameters">The parameters, as many as the optimizer was made for; updated in place. An array of
    /// <see cref="float"/> or a span of one. A <see cref="Memory{T}"/> is passed as its <see cref="Memory{T}.Span"/>, a
    /// <see cref="List{T}"/> through <see cref="System.Runtime.InteropServices.CollectionsMarshal.AsSpan{T}(List{T}?)"/>, and a
    /// tensor as it is. The elements of a <c>double[]</c>, a <c>float[,]</c> or a <c>float[][]</c> must be copied into a
    /// <c>float[]</c>.</param>
    /// <param name="gradients">The gradient of the loss by each parameter. May not overlap the parameters.</param>
    /// <param name="learningRate">The rate of this step; 0 updates the state and leaves the parameters.</param>
    /// <exception cref="ArgumentException">A length is not the optimizer's, or buffers overlap. Nothing has changed then.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative, NaN or infinite as a float, or above what a decoupled
    /// weight decay allows (<see cref="WeightDecayException"/>). Nothing has changed then.</exception>
    /// <exception cref="InvalidOperationException">Another thread is in a step of this optimizer; or a rule threw the inner
    /// exception while it ran, and the step is incomplete.</exception>
    void Step(Span<float> parameters, ReadOnlySpan<float> gradients, double learningRate);

    /// <summary>Updates the parameters at <see cref="LearningRate"/>, the rate of the options.</summary>
    /// <inheritdoc cref="Step(Span{float}, ReadOnlySpan{float}, double)"/>
    void Step(Span<float> parameters, ReadOnlySpan<float> gradients);

    /// <summary>
    /// Updates the rows of a table that have a gradient, in the time that those rows take. All other rows keep their values and
    /// their state; decay too acts on the rows that are touched. The number of updates is one for the whole table.
    /// </summary>
    /// <param name="parameters">The table, row after row, with as many elements as the optimizer was made for; updated in place.</param>
    /// <param name="gradients">The rows.</param>
    /// <param name="learningRate">The rate of this step; 0 updates the state and leaves the parameters.</param>
    /// <exception cref="NotSupportedException">The options do not take rows (see <see cref="IOptimizerOptions.TakesRows"/>), have
    /// a coupled decay, or the state is not in float32. Nothing has changed then.</exception>
    /// <exception cref="ArgumentException">The length is not the optimizer's or no multiple of the width, the index of a row is
    /// outside the table, or buffers overlap. Nothing has changed then.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative, NaN or infinite as a float.</exception>
    /// <exception cref="InvalidOperationException">Another thread is in a step of this optimizer.</exception>
    void Step(Span<float> parameters, RowGradients gradients, double learningRate);

    /// <summary>Updates the rows of a table that have a gradient at <see cref="LearningRate"/>, the rate of the options.</summary>
    /// <inheritdoc cref="Step(Span{float}, RowGradients, double)"/>
    void Step(Span<float> parameters, RowGradients gradients);

    /// <summary>An independent optimizer with the same options and a copy of the state.</summary>
    IOptimizer Clone();
}
