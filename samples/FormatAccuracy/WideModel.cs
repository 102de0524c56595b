using CharModel;
using Optimizers;

namespace FormatAccuracy;

/// <summary>
/// A network that predicts the next character from the embeddings of the last ten (Bengio et al. 2003), with hidden layers of 512 and 256
/// features. A column of an activation is an example.
/// </summary>
internal sealed class WideModel : IModel
{
    private const int Batch = 64;
    private const int Seen = 10;
    private const int Features = 24;
    private const int TestBatches = 64;

    private readonly Corpus _corpus;
    private readonly int _seed;
    private readonly List<Place> _places = [];
    private readonly Place _embedding;
    private readonly Chain<float> _layers;
    private readonly CrossEntropy<float> _loss = new(Batch);
    private readonly FlatWeights _weights;
    private readonly Matrix<float> _input = new(Seen * Features, Batch);
    private readonly int[] _starts = new int[Batch];
    private readonly int[] _next = new int[Batch];

    /// <param name="corpus">The text.</param>
    /// <param name="seed">The seed of the initial weights and of the order of the examples.</param>
    public WideModel(Corpus corpus, int seed)
    {
        _corpus = corpus;
        _seed = seed;
        _embedding = Weight("embedding", corpus.AlphabetSize, Features, deviation: 0.5);
        _layers = new Chain<float>(
            Dense("hidden1", 512, Seen * Features, gain: 1.4),
            new Gelu<float>(512, Batch),
            Dense("hidden2", 256, 512, gain: 1.4),
            new Gelu<float>(256, Batch),
            Dense("head", corpus.AlphabetSize, 256, gain: 0.1));
        _weights = new FlatWeights(_places, seed);
    }

    public ParameterSet Weights => _weights.Parameters;

    public void Learn(int step, double factor)
    {
        ReadOnlySpan<int> text = _corpus.Training;
        for (int example = 0; example < Batch; example++)
        {
            _starts[example] = Noise.Below(text.Length - Seen, _seed, "start", ((long)step * Batch) + example);
        }

        Matrix<float> scores = Forward(text);
        _loss.Forward(scores, _next);
        CrossEntropy<float>.Backward(scores, _next, factor);
        AddEmbeddingGradients(text, _layers.Backward(_weights.Values, _weights.Gradients, scores));
    }

    public double TestLoss()
    {
        ReadOnlySpan<int> text = _corpus.Validation;
        double sum = 0;
        for (int batch = 0; batch < TestBatches; batch++)
        {
            for (int example = 0; example < Batch; example++)
            {
                _starts[example] = (int)((((long)batch * Batch) + example) * (text.Length - Seen) / (TestBatches * Batch));
            }

            sum += _loss.Forward(Forward(text), _next);
        }

        return sum / TestBatches;
    }

    public void Dispose() => _weights.Dispose();

    // Computes the scores of the character after each example.
    private Matrix<float> Forward(ReadOnlySpan<int> text)
    {
        ReadOnlySpan<float> embeddings = _embedding.Of<float>(_weights.Values);
        for (int example = 0; example < Batch; example++)
        {
            _next[example] = text[_starts[example] + Seen];
            for (int row = 0; row < _input.Rows; row++)
            {
                _input[row][example] = embeddings[IndexOf(text, example, row)];
            }
        }

        return _layers.Forward(_weights.Values, _input);
    }

    private void AddEmbeddingGradients(ReadOnlySpan<int> text, Matrix<float> inputGradient)
    {
        Span<float> gradients = _embedding.Of(_weights.Gradients.AsSpan());
        for (int example = 0; example < Batch; example++)
        {
            for (int row = 0; row < inputGradient.Rows; row++)
            {
                gradients[IndexOf(text, example, row)] += inputGradient[row][example];
            }
        }
    }

    // The element of the embeddings that a row of the input contains.
    private int IndexOf(ReadOnlySpan<int> text, int example, int row) =>
        (text[_starts[example] + (row / Features)] * Features) + (row % Features);

    private Dense<float> Dense(string name, int outputs, int inputs, double gain) => new(
        Weight($"{name}.weight", outputs, inputs, gain / Math.Sqrt(inputs)), Take($"{name}.bias", [outputs], (_, _) => 0), Batch);

    private Place Weight(string name, int rows, int columns, double deviation) =>
        Take(name, [rows, columns], (seed, i) => deviation * Noise.Normal(seed, name, i));

    private Place Take(string name, int[] shape, Func<long, int, double> initial)
    {
        var place = new Place(name, shape, _places is [.., Place last] ? last.Offset + last.Length : 0, initial);
        _places.Add(place);
        return place;
    }
}
