using System.Numerics;

namespace CharModel;

/// <summary>
/// A layer of the network, with the memory for one sequence. The matrix that a method returns belongs to the layer and is valid until the
/// next call; the caller may overwrite it. The input matrix of <see cref="Forward"/> must not change before the end of the backward pass.
/// </summary>
internal interface ILayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Computes the outputs of the layer.</summary>
    /// <param name="weights">The weights of the whole network.</param>
    /// <param name="input">The input, with a column for each character.</param>
    Matrix<T> Forward(ReadOnlySpan<T> weights, Matrix<T> input);

    /// <summary>Adds the gradients of the weights, for the input of the last call of <see cref="Forward"/>.</summary>
    /// <param name="weights">The weights of the whole network.</param>
    /// <param name="gradients">The gradients of the weights of the whole network.</param>
    /// <param name="outputGradient">The gradient of the loss with respect to the outputs.</param>
    /// <returns>The gradient of the loss with respect to the input.</returns>
    Matrix<T> Backward(ReadOnlySpan<T> weights, Span<T> gradients, Matrix<T> outputGradient);
}
