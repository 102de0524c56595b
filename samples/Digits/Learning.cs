using System.Numerics.Tensors;
using Samples;

namespace Digits;

/// <summary>The loss, the gradients and the predictions of a network for images.</summary>
internal static class Learning
{
    /// <summary>Adds the gradient of an example's loss, times a weight, to the gradients of the network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="digit">The example.</param>
    /// <param name="weight">The weight: 1/n for the mean loss of a batch of n examples.</param>
    /// <returns>The loss of the example.</returns>
    public static double Learn(Network network, Digit digit, float weight)
    {
        ReadOnlySpan<float> scores = network.Forward(digit.Pixels);
        Span<float> gradient = stackalloc float[scores.Length];
        double loss = CrossEntropy(scores, digit.Label, gradient);
        TensorPrimitives.Multiply(gradient, weight, gradient);
        network.Backward(gradient);
        return loss;
    }

    /// <summary>Whether the network predicts the right digit.</summary>
    public static bool Recognises(Network network, Digit digit) =>
        TensorPrimitives.IndexOfMax(network.Forward(digit.Pixels)) == digit.Label;

    /// <summary>Computes the mean loss of several images.</summary>
    public static double LossOf(Network network, IReadOnlyList<Digit> digits)
    {
        Span<float> unused = stackalloc float[network.Parameters[^1].Length];
        double sum = 0;
        foreach (Digit digit in digits)
        {
            sum += CrossEntropy(network.Forward(digit.Pixels), digit.Label, unused);
        }

        return sum / digits.Count;
    }

    // The loss −log softmax(scores)[label]. Its gradient with respect to the scores is softmax(scores), minus 1 at the label.
    private static double CrossEntropy(ReadOnlySpan<float> scores, int label, Span<float> gradient)
    {
        double sum = 0;
        float highest = TensorPrimitives.Max(scores);
        foreach (float score in scores)
        {
            sum += Math.Exp(score - highest);
        }

        for (int i = 0; i < scores.Length; i++)
        {
            gradient[i] = (float)((Math.Exp(scores[i] - highest) / sum) - (i == label ? 1 : 0));
        }

        return Math.Log(sum) + highest - scores[label];
    }
}
