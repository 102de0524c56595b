using System.Numerics;

namespace CharModel;

/// <summary>A sequence of layers. The output of each layer is the input of the next.</summary>
internal sealed class Chain<T>(params IReadOnlyList<ILayer<T>> layers) : ILayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public Matrix<T> Forward(ReadOnlySpan<T> weights, Matrix<T> input)
    {
        foreach (ILayer<T> layer in layers)
        {
            input = layer.Forward(weights, input);
        }

        return input;
    }

    public Matrix<T> Backward(ReadOnlySpan<T> weights, Span<T> gradients, Matrix<T> outputGradient)
    {
        foreach (ILayer<T> layer in layers.Reverse())
        {
            outputGradient = layer.Backward(weights, gradients, outputGradient);
        }

        return outputGradient;
    }
}
