using System.Numerics.Tensors;
using Optimizers;

namespace Samples;

/// <summary>A network of dense layers with ReLU between them. It processes one example at a time and accumulates the gradients.</summary>
internal sealed class Network : IDisposable
{
    private readonly Layer[] _layers;

    /// <summary>Creates a network of any depth.</summary>
    /// <param name="start">The initial values: weights and biases of the first layer, then of the next one, and so on.</param>
    public Network(IReadOnlyList<Tensor> start)
    {
        // All parameters are in one aligned buffer, and the optimizer updates them in place.
        Parameters.AddRange([.. start.Select(tensor => (tensor.Name, tensor.Shape))]);
        foreach ((Tensor tensor, Parameter parameter) in start.Zip(Parameters))
        {
            tensor.Initial.CopyTo(parameter.Values);
        }

        int depth = start.Count / 2;
        _layers = [.. Parameters.Chunk(2).Select((pair, i) => new Layer(pair[0], pair[1], rectified: i < depth - 1))];
    }

    /// <summary>The weights and biases with their gradients, for an optimizer.</summary>
    public ParameterSet Parameters { get; } = new();

    /// <summary>Computes the outputs for an example.</summary>
    public ReadOnlySpan<float> Forward(ReadOnlySpan<float> example)
    {
        foreach (Layer layer in _layers)
        {
            example = layer.Forward(example);
        }

        return example;
    }

    /// <summary>Adds the gradients of the last example of <see cref="Forward"/>.</summary>
    /// <param name="gradient">The gradient of the loss with respect to each output.</param>
    public void Backward(ReadOnlySpan<float> gradient)
    {
        foreach (Layer layer in _layers.Reverse())
        {
            gradient = layer.Backward(gradient);
        }
    }

    public void Dispose() => Parameters.Dispose();

    private sealed class Layer(Parameter weights, Parameter biases, bool rectified)
    {
        private readonly float[] _input = new float[weights.Shape[1]];
        private readonly float[] _inputGradient = new float[weights.Shape[1]];
        private readonly float[] _output = new float[biases.Length];

        public ReadOnlySpan<float> Forward(ReadOnlySpan<float> input)
        {
            input.CopyTo(_input);
            for (int i = 0; i < _output.Length; i++)
            {
                // A sum in double and in order is exact enough and the same on every processor.
                double sum = biases.Values[i];
                ReadOnlySpan<float> row = Row(weights.Values, i);
                for (int j = 0; j < row.Length; j++)
                {
                    sum += (double)row[j] * input[j];
                }

                _output[i] = (float)(rectified ? Math.Max(sum, 0) : sum);
            }

            return _output;
        }

        public ReadOnlySpan<float> Backward(ReadOnlySpan<float> gradient)
        {
            Array.Clear(_inputGradient);
            for (int i = 0; i < _output.Length; i++)
            {
                if (rectified && _output[i] == 0)
                {
                    continue;
                }

                float g = gradient[i];
                Span<float> rowGradient = Row(weights.Gradients, i);
                biases.Gradients[i] += g;
                TensorPrimitives.MultiplyAdd(_input, g, rowGradient, rowGradient);
                TensorPrimitives.MultiplyAdd(Row(weights.Values, i), g, _inputGradient, _inputGradient);
            }

            return _inputGradient;
        }

        private Span<float> Row(Span<float> matrix, int row) => matrix.Slice(row * _input.Length, _input.Length);
    }
}
