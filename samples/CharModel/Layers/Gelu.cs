using System.Numerics;
using System.Numerics.Tensors;

namespace CharModel;

/// <summary>
/// The Gaussian error linear unit in its tanh form (Hendrycks &amp; Gimpel 2016, arXiv 1606.08415):
/// y = x(1 + tanh u)/2 with u = √(2/π)(x + 0.044715x³).
/// </summary>
internal sealed class Gelu<T>(int rows, int columns) : ILayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly T _half = T.CreateChecked(0.5);
    private static readonly T _linear = T.CreateChecked(Math.Sqrt(2 / Math.PI));
    private static readonly T _cubic = T.CreateChecked(0.044715 * Math.Sqrt(2 / Math.PI));

    private readonly Matrix<T> _output = new(rows, columns);
    private readonly Matrix<T> _slope = new(rows, columns);
    private readonly T[] _square = new T[columns];
    private readonly T[] _tanh = new T[columns];

    public Matrix<T> Forward(ReadOnlySpan<T> weights, Matrix<T> input)
    {
        for (int r = 0; r < rows; r++)
        {
            ReadOnlySpan<T> x = input[r];
            Span<T> y = _output[r];
            Span<T> slope = _slope[r];

            // Compute u and tanh u.
            TensorPrimitives.Multiply(x, x, _square);
            TensorPrimitives.Multiply<T>(_square, _cubic, slope);
            TensorPrimitives.Add(slope, _linear, slope);
            TensorPrimitives.Multiply(slope, x, slope);
            TensorPrimitives.Tanh<T>(slope, _tanh);

            // The first part of the derivative is (1 + tanh u)/2 = y/x.
            TensorPrimitives.Add(_tanh, T.One, y);
            TensorPrimitives.Multiply(y, _half, y);

            // The second part is x(1 − tanh² u)u′/2 with u′ = √(2/π)(1 + 3 · 0.044715x²).
            TensorPrimitives.Multiply<T>(_square, _cubic * T.CreateChecked(3), _square);
            TensorPrimitives.Add<T>(_square, _linear, _square);
            TensorPrimitives.Multiply(_square, x, _square);
            TensorPrimitives.Multiply<T>(_square, _half, _square);
            TensorPrimitives.Multiply<T>(_tanh, _tanh, _tanh);
            TensorPrimitives.Subtract(T.One, _tanh, _tanh);
            TensorPrimitives.MultiplyAdd<T>(_tanh, _square, y, slope);
            TensorPrimitives.Multiply(y, x, y);
        }

        return _output;
    }

    public Matrix<T> Backward(ReadOnlySpan<T> weights, Span<T> gradients, Matrix<T> outputGradient)
    {
        for (int r = 0; r < rows; r++)
        {
            TensorPrimitives.Multiply(_slope[r], outputGradient[r], _slope[r]);
        }

        return _slope;
    }
}
