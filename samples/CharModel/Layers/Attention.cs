using System.Numerics;
using System.Numerics.Tensors;

namespace CharModel;

/// <summary>
/// Causal attention with several heads (Vaswani et al. 2017, arXiv 1706.03762). A column of the input has the query, the key and the value of
/// a character, one below the other; each head uses a slice of each. For character t, the weight of character s ≤ t is
/// softmaxₛ(q(t)·k(s)/√d). The output is the sum of the values v(s) with these weights.
/// </summary>
/// <remarks>In a table over pairs of characters, s is the row and t is the column. Only the part with s ≤ t is used.</remarks>
internal sealed class Attention<T>(int width, int heads, int columns) : ILayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly int _depth = width / heads;
    private readonly T _scale = T.One / T.Sqrt(T.CreateChecked(width / heads));
    private readonly Softmax<T> _softmax = new(columns, causal: true);
    private readonly Matrix<T>[] _attention = [.. Enumerable.Range(0, heads).Select(_ => new Matrix<T>(columns, columns))];
    private readonly Matrix<T> _scoreGradient = new(columns, columns);
    private readonly Matrix<T> _transposed = new(columns, columns);
    private readonly T[] _mean = new T[columns];
    private readonly Matrix<T> _output = new(width, columns);
    private readonly Matrix<T> _inputGradient = new(3 * width, columns);
    private Matrix<T> _input;

    public Matrix<T> Forward(ReadOnlySpan<T> weights, Matrix<T> input)
    {
        _input = input;
        _output.Clear();
        for (int h = 0; h < heads; h++)
        {
            (Matrix<T> q, Matrix<T> k, Matrix<T> v) = HeadOf(input, h);
            Compare(q, k, _scale, _attention[h]);
            _softmax.Apply(_attention[h]);
            Gather(_attention[h], v, T.One, _output.Slice(h * _depth, _depth));
        }

        return _output;
    }

    public Matrix<T> Backward(ReadOnlySpan<T> weights, Span<T> gradients, Matrix<T> outputGradient)
    {
        _inputGradient.Clear();
        for (int h = 0; h < heads; h++)
        {
            Matrix<T> attention = _attention[h];
            Matrix<T> gradient = outputGradient.Slice(h * _depth, _depth);
            (Matrix<T> q, Matrix<T> k, Matrix<T> v) = HeadOf(_input, h);
            (Matrix<T> qGradient, Matrix<T> kGradient, Matrix<T> vGradient) = HeadOf(_inputGradient, h);

            Compare(gradient, v, T.One, _scoreGradient);
            Scatter(attention, gradient, T.One, vGradient);
            BackThroughSoftmax(attention, _scoreGradient);
            Gather(_scoreGradient, k, _scale, qGradient);
            Scatter(_scoreGradient, q, _scale, kGradient);
        }

        return _inputGradient;
    }

    private (Matrix<T> Queries, Matrix<T> Keys, Matrix<T> Values) HeadOf(Matrix<T> all, int head) =>
        (all.Slice(head * _depth, _depth),
        all.Slice(width + (head * _depth), _depth),
        all.Slice((2 * width) + (head * _depth), _depth));

    // table(s, t) = scale · Σ_d later(d, t)·earlier(d, s)
    private static void Compare(Matrix<T> later, Matrix<T> earlier, T scale, Matrix<T> table)
    {
        for (int s = 0; s < table.Rows; s++)
        {
            Span<T> sum = table[s][s..];
            sum.Clear();
            for (int d = 0; d < later.Rows; d++)
            {
                TensorPrimitives.MultiplyAdd(later[d][s..], earlier[d][s] * scale, sum, sum);
            }
        }
    }

    // later(d, t) += scale · Σ_s table(s, t)·earlier(d, s)
    private static void Gather(Matrix<T> table, Matrix<T> earlier, T scale, Matrix<T> later)
    {
        for (int d = 0; d < later.Rows; d++)
        {
            for (int s = 0; s < table.Rows; s++)
            {
                Span<T> sum = later[d][s..];
                TensorPrimitives.MultiplyAdd(table[s][s..], earlier[d][s] * scale, sum, sum);
            }
        }
    }

    // earlier(d, s) += scale · Σ_t table(s, t)·later(d, t)
    private void Scatter(Matrix<T> table, Matrix<T> later, T scale, Matrix<T> earlier)
    {
        table.TransposeTo(_transposed);
        for (int d = 0; d < later.Rows; d++)
        {
            for (int t = 0; t < table.Rows; t++)
            {
                Span<T> sum = earlier[d][..(t + 1)];
                TensorPrimitives.MultiplyAdd(_transposed[t][..(t + 1)], later[d][t] * scale, sum, sum);
            }
        }
    }

    // If g is the gradient with respect to the softmax p, the gradient with respect to its input is p·(g − Σₛ p·g).
    private void BackThroughSoftmax(Matrix<T> softmax, Matrix<T> gradient)
    {
        Array.Clear(_mean);
        for (int s = 0; s < softmax.Rows; s++)
        {
            Span<T> mean = _mean.AsSpan(s);
            TensorPrimitives.MultiplyAdd(softmax[s][s..], gradient[s][s..], mean, mean);
        }

        for (int s = 0; s < softmax.Rows; s++)
        {
            Span<T> row = gradient[s][s..];
            TensorPrimitives.Subtract(row, _mean.AsSpan(s), row);
            TensorPrimitives.Multiply(row, softmax[s][s..], row);
        }
    }
}
