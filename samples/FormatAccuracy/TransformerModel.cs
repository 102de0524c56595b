using CharModel;
using Optimizers;

namespace FormatAccuracy;

/// <summary>The transformer of the sample CharModel, small enough for a run of a few seconds.</summary>
internal sealed class TransformerModel : IModel
{
    private const int Batch = 8;
    private const int Context = 32;
    private const int TestSequences = 128;

    private readonly Corpus _corpus;
    private readonly int _seed;
    private readonly Transformer<float> _transformer;
    private readonly FlatWeights _weights;

    /// <param name="corpus">The text.</param>
    /// <param name="seed">The seed of the initial weights and of the order of the sequences.</param>
    public TransformerModel(Corpus corpus, int seed)
    {
        _corpus = corpus;
        _seed = seed;
        _transformer = new Transformer<float>(new ModelShape(corpus.AlphabetSize, Context, Width: 48, Layers: 2, Heads: 3));
        _weights = new FlatWeights(_transformer.Places, seed);
    }

    public ParameterSet Weights => _weights.Parameters;

    public void Learn(int step, double factor)
    {
        ReadOnlySpan<int> text = _corpus.Training;
        for (int sequence = 0; sequence < Batch; sequence++)
        {
            int start = Noise.Below(text.Length - Context, _seed, "start", ((long)step * Batch) + sequence);
            _transformer.Learn(
                _weights.Values, _weights.Gradients, text.Slice(start, Context), text.Slice(start + 1, Context), factor / Batch);
        }
    }

    public double TestLoss()
    {
        ReadOnlySpan<int> text = _corpus.Validation;
        double sum = 0;
        for (int sequence = 0; sequence < TestSequences; sequence++)
        {
            int start = (int)((long)sequence * (text.Length - Context) / TestSequences);
            sum += _transformer.Loss(_weights.Values, text.Slice(start, Context), text.Slice(start + 1, Context));
        }

        return sum / TestSequences;
    }

    public void Dispose() => _weights.Dispose();
}
