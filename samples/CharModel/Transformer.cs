using System.Numerics;

namespace CharModel;

/// <summary>
/// A transformer that predicts the next character. It has embeddings for characters and positions; blocks of an attention layer and a
/// small network, each with a layer norm before it and a residual connection around it; a final layer norm; and a layer for the scores
/// of all characters.
/// </summary>
/// <remarks>
/// An instance has the memory for one sequence and no weights, so each thread can have its own instance. The type is generic: the
/// training uses float, and tests check the gradients in double.
/// </remarks>
internal sealed class Transformer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly List<Place> _places = [];
    private readonly Embedding<T> _embedding;
    private readonly Chain<T> _body;
    private readonly CrossEntropy<T> _loss;

    /// <param name="shape">The sizes.</param>
    public Transformer(ModelShape shape)
    {
        // At first, the outputs of a layer are about as large as its inputs. The residual outputs of the blocks and the scores are small.
        double even = 1 / Math.Sqrt(shape.Width);
        double small = even / Math.Sqrt(2 * shape.Layers);

        _embedding = new Embedding<T>(
            Weight("embedding.token", shape.Alphabet, shape.Width, deviation: 0.5),
            Take("embedding.position", [shape.Context, shape.Width], (_, i) => 0.5 * Wave(i / shape.Width, i % shape.Width)));
        List<ILayer<T>> layers = [];
        for (int block = 0; block < shape.Layers; block++)
        {
            layers.Add(new Residual<T>(new Chain<T>(
                Norm($"block{block}.norm1"),
                Dense($"block{block}.attention.input", 3 * shape.Width, shape.Width, even),
                new Attention<T>(shape.Width, shape.Heads, shape.Context),
                Dense($"block{block}.attention.output", shape.Width, shape.Width, small))));
            layers.Add(new Residual<T>(new Chain<T>(
                Norm($"block{block}.norm2"),
                Dense($"block{block}.network.input", 4 * shape.Width, shape.Width, even),
                new Gelu<T>(4 * shape.Width, shape.Context),
                Dense($"block{block}.network.output", shape.Width, 4 * shape.Width, small / 2))));
        }

        layers.Add(Norm("norm"));
        layers.Add(new Dense<T>(Weight("head", shape.Alphabet, shape.Width, even / 10), bias: null, shape.Context));
        _body = new Chain<T>(layers);
        _loss = new CrossEntropy<T>(shape.Context);

        Place Take(string name, int[] dimensions, Func<long, int, double> initial)
        {
            var place = new Place(name, dimensions, WeightCount, initial);
            _places.Add(place);
            return place;
        }

        Place Weight(string name, int rows, int columns, double deviation) =>
            Take(name, [rows, columns], (seed, i) => deviation * Noise.Normal(seed, name, i));

        Dense<T> Dense(string name, int outputs, int inputs, double deviation) =>
            new(Weight($"{name}.weight", outputs, inputs, deviation), Take($"{name}.bias", [outputs], (_, _) => 0), shape.Context);

        LayerNorm<T> Norm(string name) =>
            new(Take($"{name}.gain", [shape.Width], (_, _) => 1), Take($"{name}.bias", [shape.Width], (_, _) => 0), shape.Context);

        // The position embeddings start as sines and cosines of many wavelengths (Vaswani et al. 2017). They contain the distance between
        // two characters. With random vectors, the model would have to learn the distance for each pair of positions.
        double Wave(int position, int feature)
        {
            double angle = position / Math.Pow(10_000, (feature - (feature % 2)) / (double)shape.Width);
            return feature % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle);
        }
    }

    /// <summary>The names, shapes and positions of all weight tensors, in their order in the array.</summary>
    public IReadOnlyList<Place> Places => _places;

    /// <summary>The total number of weights.</summary>
    public int WeightCount => _places is [.., Place last] ? checked(last.Offset + last.Length) : 0;

    /// <summary>Computes the scores of the next character after each character of a sequence. Each column has the scores of all characters.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="sequence">The character indices, at most as many as the context.</param>
    public Matrix<T> Scores(ReadOnlySpan<T> weights, ReadOnlySpan<int> sequence) =>
        _body.Forward(weights, _embedding.Forward(weights, sequence));

    /// <summary>Computes the mean loss of the predictions for a sequence. Its length must equal the context.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="sequence">The characters.</param>
    /// <param name="next">The character that follows each of them.</param>
    public double Loss(ReadOnlySpan<T> weights, ReadOnlySpan<int> sequence, ReadOnlySpan<int> next) =>
        _loss.Forward(Scores(weights, sequence), next);

    /// <summary>Computes the loss as <see cref="Loss"/> does, and adds the gradient times a factor to the gradients.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="gradients">The gradients of all weights. The method adds to them.</param>
    /// <param name="sequence">The characters.</param>
    /// <param name="next">The character that follows each of them.</param>
    /// <param name="factor">The factor of the gradient.</param>
    public double Learn(
        ReadOnlySpan<T> weights, Span<T> gradients, ReadOnlySpan<int> sequence, ReadOnlySpan<int> next, double factor)
    {
        Matrix<T> scores = Scores(weights, sequence);
        double loss = _loss.Forward(scores, next);
        CrossEntropy<T>.Backward(scores, next, factor);
        _embedding.Backward(gradients, sequence, _body.Backward(weights, gradients, scores));
        return loss;
    }
}
