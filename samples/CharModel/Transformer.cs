using System.Numerics;

namespace CharModel;

/// <summary>
/// A transformer that predicts the next character: vectors for what a character is and where it stands; blocks of attention
/// and a small network, each behind a layer norm and with a way around it; a last layer norm, and the scores of all
/// characters.
/// </summary>
/// <remarks>
/// It holds the memory for one sequence at a time and no weights, so that each thread has one of its own. It is generic so
/// that its gradients can be checked in double; it is trained in float.
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
        // Outputs begin about as large as inputs, what blocks add to the stream is small at first, and so are the scores.
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

        // Sines and cosines of many lengths (Vaswani et al. 2017), to learn on from: how far apart two characters are can be
        // told from them, which a table of random vectors would have to learn for each pair of positions.
        double Wave(int position, int feature)
        {
            double angle = position / Math.Pow(10_000, (feature - (feature % 2)) / (double)shape.Width);
            return feature % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle);
        }
    }

    /// <summary>The weights' names and shapes, one behind the other.</summary>
    public IReadOnlyList<Place> Places => _places;

    /// <summary>The number of all weights.</summary>
    public int WeightCount => _places is [.., Place last] ? checked(last.Offset + last.Length) : 0;

    /// <summary>Computes the scores of every character after each character of a sequence: a column for each of them.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="sequence">Characters by their numbers, at most as many as the context.</param>
    public Matrix<T> Scores(ReadOnlySpan<T> weights, ReadOnlySpan<int> sequence) =>
        _body.Forward(weights, _embedding.Forward(weights, sequence));

    /// <summary>Computes the mean loss of the predictions of a sequence of as many characters as the context.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="sequence">The characters.</param>
    /// <param name="next">The character that follows each of them.</param>
    public double Loss(ReadOnlySpan<T> weights, ReadOnlySpan<int> sequence, ReadOnlySpan<int> next) =>
        _loss.Forward(Scores(weights, sequence), next);

    /// <summary>Computes the loss as <see cref="Loss"/> does, and adds a multiple of its gradient.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="gradients">What is added to.</param>
    /// <param name="sequence">The characters.</param>
    /// <param name="next">The character that follows each of them.</param>
    /// <param name="factor">What the gradient is multiplied by.</param>
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
