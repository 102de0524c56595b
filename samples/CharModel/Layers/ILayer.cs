using System.Numerics;

namespace CharModel;

/// <summary>
/// A part of the network, with the memory for one sequence. What a method returns belongs to the layer, holds until its next
/// call, and may be written over by who receives it; what it is given must stand until the backward pass is over.
/// </summary>
internal interface ILayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Computes the outputs.</summary>
    /// <param name="weights">The weights of the whole network.</param>
    /// <param name="input">A column for each character.</param>
    Matrix<T> Forward(ReadOnlySpan<T> weights, Matrix<T> input);

    /// <summary>Adds to the gradients of the weights, for the input that <see cref="Forward"/> saw last.</summary>
    /// <param name="weights">The weights of the whole network.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="outputGradient">The gradient of the loss by the outputs.</param>
    /// <returns>The gradient of the loss by the input.</returns>
    Matrix<T> Backward(ReadOnlySpan<T> weights, Span<T> gradients, Matrix<T> outputGradient);
}
