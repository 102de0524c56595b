using System.Numerics;
using System.Numerics.Tensors;

namespace CharModel;

/// <summary>
/// Normalizes each column to mean 0 and variance 1, then applies a gain and a bias to each row (Ba, Kiros &amp; Hinton 2016, arXiv
/// 1607.06450): y = x̂·gain + bias with x̂ = (x − mean)/√(variance + 1e-5).
/// </summary>
internal sealed class LayerNorm<T>(Place gain, Place bias, int columns) : ILayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly T _epsilon = T.CreateChecked(1e-5);

    private readonly int _rows = gain.Length;
    private readonly Matrix<T> _normal = new(gain.Length, columns);
    private readonly Matrix<T> _result = new(gain.Length, columns);
    private readonly T[] _scale = new T[columns];
    private readonly T[] _mean = new T[columns];
    private readonly T[] _meanProduct = new T[columns];

    public Matrix<T> Forward(ReadOnlySpan<T> weights, Matrix<T> input)
    {
        T count = T.CreateChecked(_rows);
        Array.Clear(_mean);
        for (int r = 0; r < _rows; r++)
        {
            TensorPrimitives.Add(_mean, input[r], _mean);
        }

        TensorPrimitives.Divide<T>(_mean, count, _mean);
        Array.Clear(_scale);
        for (int r = 0; r < _rows; r++)
        {
            Span<T> normal = _normal[r];
            TensorPrimitives.Subtract(input[r], _mean, normal);
            TensorPrimitives.MultiplyAdd<T>(normal, normal, _scale, _scale);
        }

        TensorPrimitives.Divide<T>(_scale, count, _scale);
        TensorPrimitives.Add<T>(_scale, _epsilon, _scale);
        TensorPrimitives.Sqrt<T>(_scale, _scale);
        TensorPrimitives.Divide(T.One, _scale, _scale);
        for (int r = 0; r < _rows; r++)
        {
            Span<T> normal = _normal[r];
            TensorPrimitives.Multiply(normal, _scale, normal);
            TensorPrimitives.Multiply(normal, gain.Of(weights)[r], _result[r]);
            TensorPrimitives.Add(_result[r], bias.Of(weights)[r], _result[r]);
        }

        return _result;
    }

    // With h = gradient · gain, the gradient with respect to the input is (h − mean(h) − x̂·mean(h·x̂)) · scale.
    public Matrix<T> Backward(ReadOnlySpan<T> weights, Span<T> gradients, Matrix<T> outputGradient)
    {
        T count = T.CreateChecked(_rows);
        Array.Clear(_mean);
        Array.Clear(_meanProduct);
        for (int r = 0; r < _rows; r++)
        {
            Span<T> h = _result[r];
            bias.Of(gradients)[r] += Product.Sum<T>(outputGradient[r]);
            TensorPrimitives.Multiply(outputGradient[r], _normal[r], h);
            gain.Of(gradients)[r] += Product.Sum<T>(h);
            TensorPrimitives.Multiply(outputGradient[r], gain.Of(weights)[r], h);
            TensorPrimitives.Add(_mean, h, _mean);
            TensorPrimitives.MultiplyAdd(h, _normal[r], _meanProduct, _meanProduct);
        }

        TensorPrimitives.Divide<T>(_mean, count, _mean);
        TensorPrimitives.Divide<T>(_meanProduct, count, _meanProduct);
        for (int r = 0; r < _rows; r++)
        {
            Span<T> h = _result[r];
            TensorPrimitives.Subtract(h, _mean, h);
            TensorPrimitives.Multiply(_normal[r], _meanProduct, _normal[r]);
            TensorPrimitives.Subtract(h, _normal[r], h);
            TensorPrimitives.Multiply(h, _scale, h);
        }

        return _result;
    }
}
