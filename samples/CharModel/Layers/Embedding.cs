using System.Numerics;
using System.Numerics.Tensors;

namespace CharModel;

/// <summary>Adds the embedding vector of each character of a sequence and the embedding vector of its position.</summary>
internal sealed class Embedding<T>(Place tokens, Place positions)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly int _width = tokens.Shape[1];
    private readonly Matrix<T> _transposed = new(positions.Shape[0], tokens.Shape[1]);
    private readonly Matrix<T> _output = new(tokens.Shape[1], positions.Shape[0]);

    public Matrix<T> Forward(ReadOnlySpan<T> weights, ReadOnlySpan<int> sequence)
    {
        for (int t = 0; t < sequence.Length; t++)
        {
            TensorPrimitives.Add(
                RowOf(tokens.Of(weights), sequence[t]), RowOf(positions.Of(weights), t), _transposed[t]);
        }

        _transposed.TransposeTo(_output);
        return _output;
    }

    public void Backward(Span<T> gradients, ReadOnlySpan<int> sequence, Matrix<T> outputGradient)
    {
        outputGradient.TransposeTo(_transposed);
        for (int t = 0; t < sequence.Length; t++)
        {
            Span<T> token = tokens.Of(gradients).Slice(sequence[t] * _width, _width);
            TensorPrimitives.Add(token, _transposed[t], token);
            Span<T> position = positions.Of(gradients).Slice(t * _width, _width);
            TensorPrimitives.Add(position, _transposed[t], position);
        }
    }

    private ReadOnlySpan<T> RowOf(ReadOnlySpan<T> table, int row) => table.Slice(row * _width, _width);
}
