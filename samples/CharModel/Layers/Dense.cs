using System.Numerics;

namespace CharModel;

/// <summary>A dense layer: y = Wx + b. W has one row for each output. The bias b is optional.</summary>
internal sealed class Dense<T>(Place weight, Place? bias, int columns) : ILayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T> _output = new(weight.Shape[0], columns);
    private readonly Matrix<T> _inputGradient = new(weight.Shape[1], columns);
    private readonly Matrix<T> _transposed = new(columns, weight.Shape[1]);
    private Matrix<T> _input;

    public Matrix<T> Forward(ReadOnlySpan<T> weights, Matrix<T> input)
    {
        _input = input;
        for (int o = 0; o < _output.Rows; o++)
        {
            _output[o].Fill(bias is null ? T.Zero : bias.Of(weights)[o]);
        }

        Product.Add(weight.Of(weights), input, _output);
        return _output;
    }

    public Matrix<T> Backward(ReadOnlySpan<T> weights, Span<T> gradients, Matrix<T> outputGradient)
    {
        for (int o = 0; bias is not null && o < outputGradient.Rows; o++)
        {
            bias.Of(gradients)[o] += Product.Sum<T>(outputGradient[o]);
        }

        _input.TransposeTo(_transposed);
        Product.AddOuter(outputGradient, _transposed, weight.Of(gradients));
        _inputGradient.Clear();
        Product.AddTransposed(weight.Of(weights), outputGradient, _inputGradient);
        return _inputGradient;
    }
}
