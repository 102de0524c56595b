using CharModel;
using Digits;
using Optimizers;
using Samples;

namespace FormatAccuracy;

/// <summary>The digits network with two hidden layers. Both of its large matrices have enough elements for state in 8 bits.</summary>
internal sealed class DigitsModel : IModel
{
    private const int Batch = 32;

    private static readonly int[] _widths = [64, 128, 64, 10];

    private readonly DigitsData _data;
    private readonly int _seed;
    private readonly Network _network;
    private int[] _order = [];

    /// <param name="data">The images.</param>
    /// <param name="seed">The seed of the initial weights and of the order of the images.</param>
    public DigitsModel(DigitsData data, int seed)
    {
        _data = data;
        _seed = seed;
        _network = new Network([.. Enumerable.Range(0, _widths.Length - 1).SelectMany(Layer)]);
    }

    public ParameterSet Weights => _network.Parameters;

    public void Learn(int step, double factor)
    {
        int count = _data.Training.Count;
        int batches = count / Batch;
        if (step % batches == 0)
        {
            long first = (long)step / batches * count;
            _order = [.. Enumerable.Range(0, count).OrderBy(image => Noise.Bits(_seed, "order", first + image))];
        }

        foreach (int image in _order.AsSpan(step % batches * Batch, Batch))
        {
            Learning.Learn(_network, _data.Training[image], (float)(factor / Batch));
        }
    }

    public double TestLoss() => Learning.LossOf(_network, _data.Test);

    public void Dispose() => _network.Dispose();

    // The initial weights of He et al. 2015 (arXiv 1502.01852): normal, with a variance of 2/inputs. The biases start at 0.
    private IEnumerable<Tensor> Layer(int layer)
    {
        (int inputs, int outputs) = (_widths[layer], _widths[layer + 1]);
        string name = $"layer{layer}.weight";
        float[] weights =
            [.. Enumerable.Range(0, outputs * inputs).Select(i => (float)(Math.Sqrt(2.0 / inputs) * Noise.Normal(_seed, name, i)))];
        return [new(name, [outputs, inputs], weights), new($"layer{layer}.bias", [outputs], new float[outputs])];
    }
}
