namespace Optimizers;

/// <summary>An optimizer that can also update a table of which only some rows have a gradient, in the time that those rows take.</summary>
public interface IRowOptimizer : IOptimizer
{
    /// <summary>
    /// Updates the rows that have a gradient. All others keep their values and their state; decay too acts on the rows that are
    /// touched. The number of updates is one for the whole table.
    /// </summary>
    /// <param name="parameters">The table, row after row, with as many elements as the optimizer was made for; updated in place.</param>
    /// <param name="gradients">The rows.</param>
    /// <param name="learningRate">The rate of this step; 0 updates the state and leaves the parameters.</param>
    /// <exception cref="ArgumentException">The length is not the optimizer's or no multiple of the width, an index is none of a row,
    /// or buffers overlap. Nothing has changed then.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative, NaN or infinite as a float, or above what a decoupled
    /// weight decay allows (<see cref="WeightDecayException"/>). Nothing has changed then.</exception>
    /// <exception cref="NotSupportedException">The options do not take rows, have a coupled decay, or the state is not in float32.
    /// Nothing has changed then.</exception>
    /// <exception cref="InvalidOperationException">Another thread is in a step of this optimizer.</exception>
    void Step(Span<float> parameters, RowGradients gradients, double learningRate);
}
