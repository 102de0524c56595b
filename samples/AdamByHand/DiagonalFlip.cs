using Optimizers;
using Optimizers.Schedules;
using Samples;

namespace AdamByHand;

/// <summary>
/// A tiny network that learns to mirror 2×2 images about their diagonal. Its outputs are the four pixels, with the second and
/// the third pixel exchanged.
/// </summary>
internal sealed record DiagonalFlip(int Steps, int Every, IReadOnlyList<Tensor> Parameters)
{
    private static readonly float[][] _images =
        [.. Enumerable.Range(0, 16).Select(i => new float[] { i & 1, (i >> 1) & 1, (i >> 2) & 1, (i >> 3) & 1 })];

    /// <summary>The number of weights and biases.</summary>
    public int ParameterCount => Parameters.Sum(tensor => tensor.Initial.Length);

    /// <summary>The index of the last update.</summary>
    public int LastStep => Steps - 1;

    /// <summary>Trains on all images at once and returns the loss before each update.</summary>
    public double[] Train(IOptimizerOptions options)
    {
        using var network = new Network(Parameters);
        var model = new ModelOptimizer(network.Parameters, options, new ModelOptimizerOptions
        {
            ZeroGradients = true,

            // With a rate that is far too high, the losses should show the divergence, so the step must not throw.
            NonFinite = NonFinitePolicy.Propagate,
        });
        var losses = new double[Steps];
        foreach (ref double loss in losses.AsSpan())
        {
            loss = _images.Sum(image => Learn(network, image));
            model.Step();
        }

        return losses;
    }

    // Adds the gradient of the image's part of the mean squared error over all outputs of all images, and returns this part.
    private static double Learn(Network network, float[] image)
    {
        ReadOnlySpan<float> outputs = network.Forward(image);
        ReadOnlySpan<float> targets = [image[0], image[2], image[1], image[3]];
        Span<float> gradient = stackalloc float[outputs.Length];
        int count = _images.Length * outputs.Length;
        double loss = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            float error = outputs[i] - targets[i];
            loss += (double)error * error / count;
            gradient[i] = 2 * error / count;
        }

        network.Backward(gradient);
        return loss;
    }
}
