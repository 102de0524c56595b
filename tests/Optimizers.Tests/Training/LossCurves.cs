using Digits;
using Samples;

namespace Optimizers.Tests;

/// <summary>The loss of each step of real training runs.</summary>
internal static class LossCurves
{
    private static readonly DigitsData _digits = DigitsData.Load(DataFile.PathOf("digits.csv"));
    private static readonly Plan _plan = DataFile.Read<Plan>("digits.json");

    /// <summary>The mean loss of each batch while a network learns handwritten digits.</summary>
    public static IEnumerable<double> Digits(IOptimizerOptions options, int epochs)
    {
        using var network = new Network(_plan.Parameters);
        var model = new ModelOptimizer(network.Parameters, options, new() { ZeroGradients = true });
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            foreach (int[] batch in _plan.Batches(epoch, _digits.Training.Count))
            {
                double loss = 0;
                foreach (int image in batch)
                {
                    loss += Learn(network, _digits.Training[image], 1f / batch.Length) / batch.Length;
                }

                model.Step();
                yield return loss;
            }
        }
    }

    private static double Learn(Network network, Digit digit, float weight)
    {
        float[] scores = network.Forward(digit.Pixels).ToArray();
        double highest = scores.Max();
        double sum = scores.Sum(score => Math.Exp(score - highest));
        network.Backward([.. scores.Select((score, i) =>
            weight * (float)((Math.Exp(score - highest) / sum) - (i == digit.Label ? 1 : 0)))]);
        return Math.Log(sum) + highest - scores[digit.Label];
    }
}
