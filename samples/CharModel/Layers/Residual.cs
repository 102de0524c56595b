using System.Numerics;
using System.Numerics.Tensors;

namespace CharModel;

/// <summary>A residual connection around a layer f: y = x + f(x).</summary>
internal sealed class Residual<T>(ILayer<T> layer) : ILayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public Matrix<T> Forward(ReadOnlySpan<T> weights, Matrix<T> input) => Add(input, layer.Forward(weights, input));

    public Matrix<T> Backward(ReadOnlySpan<T> weights, Span<T> gradients, Matrix<T> outputGradient) =>
        Add(outputGradient, layer.Backward(weights, gradients, outputGradient));

    private static Matrix<T> Add(Matrix<T> from, Matrix<T> to)
    {
        for (int i = 0; i < to.Rows; i++)
        {
            TensorPrimitives.Add(to[i], from[i], to[i]);
        }

        return to;
    }
}
