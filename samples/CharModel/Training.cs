using System.Collections.Concurrent;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Optimizers;
using Optimizers.Schedules;
using Optimizers.Training;

namespace CharModel;

/// <summary>
/// The training of a transformer on a text. The sequences of a batch run in parallel, each on one thread and with its own gradients. The
/// gradients are then added in the order of the sequences, so the number of threads changes no bit of the result.
/// </summary>
internal sealed class Training : IDisposable
{
    private const int ReducedTogether = 4_096;

    private readonly RunSettings _settings;
    private readonly Corpus _corpus;
    private readonly ParallelOptions _parallel;
    private readonly ConcurrentBag<Transformer<float>> _idle = [];
    private readonly ParameterSet _parameters = new();
    private readonly float[] _weights;
    private readonly float[] _gradients;
    private readonly float[][] _gradientsOfSequences;

    /// <param name="settings">The sizes, the number of updates and the learning rate.</param>
    /// <param name="corpus">The text.</param>
    /// <param name="threads">The maximum number of threads; 0: one for each processor.</param>
    public Training(RunSettings settings, Corpus corpus, int threads)
    {
        corpus.RequireSequencesOf(settings.Context);
        _settings = settings;
        _corpus = corpus;
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads == 0 ? Environment.ProcessorCount : threads };
        settings.RequireMemory(corpus, _parallel.MaxDegreeOfParallelism);

        var transformer = new Transformer<float>(settings.ShapeFor(corpus));
        _idle.Add(transformer);
        _weights = new float[transformer.WeightCount];
        _gradients = new float[_weights.Length];
        _gradientsOfSequences = [.. Enumerable.Range(0, settings.Batch).Select(_ => new float[_weights.Length])];
        foreach (Place place in transformer.Places)
        {
            Span<float> values = place.Of(_weights.AsSpan());
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)place.Initial(settings.Seed, i);
            }

            _parameters.AddView(
                place.Name,
                place.Shape,
                _weights.AsMemory(place.Offset, place.Length),
                _gradients.AsMemory(place.Offset, place.Length));
        }

        var options = new AdamWOptions { LearningRate = settings.Rate, Beta2 = 0.99, WeightDecay = 0.1 };
        Optimizer = new ModelOptimizer(
            _parameters,
            [
                new ParameterGroup(options) { Where = IsMatrixOfLayer },
                new ParameterGroup(options with { WeightDecay = 0 }),
            ],
            new ModelOptimizerOptions
            {
                Schedule = new WarmupCosine(
                    settings.Rate, warmupSteps: settings.Steps / 20, settings.Steps, floor: settings.Rate / 10, start: settings.Rate / 100),
                Clip = new ClipByGlobalNorm { MaximumNorm = 1 },
                ZeroGradients = true,
                Threads = threads,
            });
    }

    public ModelOptimizer Optimizer { get; }

    /// <summary>The number of characters in a batch.</summary>
    public int CharactersPerStep => _settings.Batch * _settings.Context;

    /// <summary>The smoothed training loss: a mean of all losses so far, with lower weights for older losses.</summary>
    public Smoothing Smoothing { get; set; }

    /// <summary>All settings that change the bits of the weights, under the names of the command-line options.</summary>
    public JsonObject Identity => new()
    {
        ["steps"] = _settings.Steps,
        ["batch"] = _settings.Batch,
        ["context"] = _settings.Context,
        ["width"] = _settings.Width,
        ["layers"] = _settings.Layers,
        ["heads"] = _settings.Heads,
        ["rate"] = _settings.Rate,
        ["seed"] = _settings.Seed,
        ["data"] = $"a text of SHA-256 {_corpus.Hash}",
    };

    /// <summary>The number of weights.</summary>
    public int WeightCount => _weights.Length;

    /// <summary>The SHA-256 of the weights, to compare runs.</summary>
    public string WeightsHash => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(_weights)));

    /// <summary>The number of sequences without overlap in the validation part.</summary>
    public int ValidationSequences => (_corpus.Validation.Length - 1) / _settings.Context;

    /// <summary>Trains on the next batch.</summary>
    /// <returns>The report of the update.</returns>
    public StepReport Step()
    {
        long first = Optimizer.UpdateCount * _settings.Batch;
        double loss = MeanLoss(_settings.Batch, (sequence, transformer) =>
        {
            float[] gradients = _gradientsOfSequences[sequence];
            Array.Clear(gradients);
            ReadOnlySpan<int> text = _corpus.Training;
            int start = Noise.Below(text.Length - _settings.Context, _settings.Seed, "start", first + sequence);
            return transformer.Learn(
                _weights,
                gradients,
                text.Slice(start, _settings.Context),
                text.Slice(start + 1, _settings.Context),
                factor: 1.0 / _settings.Batch);
        });
        AddGradientsOfSequences();
        Smoothing = Smoothing.With(loss);
        return Optimizer.Step();
    }

    /// <summary>Computes the mean loss of sequences that are spread over the validation part.</summary>
    /// <param name="sequences">The number of sequences, at most <see cref="ValidationSequences"/>.</param>
    public double Validate(int sequences) => MeanLoss(sequences, (sequence, transformer) =>
    {
        ReadOnlySpan<int> text = _corpus.Validation;
        int start = (int)((long)sequence * ValidationSequences / sequences) * _settings.Context;
        return transformer.Loss(_weights, text.Slice(start, _settings.Context), text.Slice(start + 1, _settings.Context));
    });

    /// <summary>Writes a text character by character. Each character is drawn from the predicted probabilities.</summary>
    /// <param name="length">The number of characters.</param>
    /// <param name="temperature">1: the predicted probabilities. Below 1: likely characters are drawn more often. 0: always the most likely character.</param>
    public string Write(int length, double temperature)
    {
        Transformer<float> transformer = Rent();
        List<int> text = [_corpus.Beginning];
        for (int i = 0; i < length; i++)
        {
            ReadOnlySpan<int> seen = CollectionsMarshal.AsSpan(text)[^Math.Min(text.Count, _settings.Context)..];
            Matrix<float> scores = transformer.Scores(_weights, seen);
            var column = new double[scores.Rows];
            for (int character = 0; character < column.Length; character++)
            {
                column[character] = scores[character][seen.Length - 1];
            }

            text.Add(Choose(column, temperature, Noise.Uniform(_settings.Seed, "text", i)));
        }

        _idle.Add(transformer);
        return _corpus.Decode(text.Skip(1));
    }

    public void Dispose() => _parameters.Dispose();

    // Weight decay applies to the matrices inside the network, and not to biases, gains and the embeddings of characters and positions.
    private static bool IsMatrixOfLayer(Parameter parameter) =>
        parameter.Shape.Count > 1 && !parameter.Name.StartsWith("embedding", StringComparison.Ordinal);

    private static int Choose(double[] scores, double temperature, double uniform)
    {
        double highest = scores.Max();
        if (temperature == 0)
        {
            return Array.IndexOf(scores, highest);
        }

        double[] weights = Array.ConvertAll(scores, score => Math.Exp((score - highest) / temperature));
        double left = uniform * weights.Sum();
        int choice = 0;
        while (choice < weights.Length - 1 && left >= weights[choice])
        {
            left -= weights[choice++];
        }

        return choice;
    }

    // Each loss has its own element, so the losses are added in the same order for every number of threads.
    private double MeanLoss(int sequences, Func<int, Transformer<float>, double> lossOf)
    {
        var losses = new double[sequences];
        Parallel.For(
            0,
            sequences,
            _parallel,
            Rent,
            (sequence, _, transformer) =>
            {
                losses[sequence] = lossOf(sequence, transformer);
                return transformer;
            },
            _idle.Add);
        return losses.Sum() / sequences;
    }

    private Transformer<float> Rent() =>
        _idle.TryTake(out Transformer<float>? idle) ? idle : new Transformer<float>(_settings.ShapeFor(_corpus));

    private void AddGradientsOfSequences() => Parallel.For(
        0,
        (_gradients.Length + ReducedTogether - 1) / ReducedTogether,
        _parallel,
        part =>
        {
            int start = part * ReducedTogether;
            int length = Math.Min(ReducedTogether, _gradients.Length - start);
            Span<float> sum = _gradients.AsSpan(start, length);
            foreach (float[] gradients in _gradientsOfSequences)
            {
                TensorPrimitives.Add(sum, gradients.AsSpan(start, length), sum);
            }
        });
}
