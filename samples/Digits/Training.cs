using System.Diagnostics;
using System.Numerics.Tensors;
using Optimizers;
using Samples;

namespace Digits;

/// <summary>Trains a network by a recipe.</summary>
internal static class Training
{
    /// <param name="plan">The start of the network and the order of the images.</param>
    /// <param name="recipe">How to train.</param>
    /// <param name="data">The images.</param>
    /// <param name="threads">The number of threads that a step uses at most; 0: as many as there are processors.</param>
    /// <param name="onEpoch">Is told after each epoch.</param>
    public static Run Train(Plan plan, Recipe recipe, DigitsData data, int threads = 0, Action<Run>? onEpoch = null)
    {
        using var network = new Network(plan.Parameters);
        ParameterGroup[] groups =
        [
            new(recipe.Options)
            {
                Where = parameter => parameter.Name.EndsWith("bias", StringComparison.Ordinal),
                WeightDecay = recipe.WeightDecayOfBiases,
            },
            new(recipe.Options),
        ];
        var model = new ModelOptimizer(network.Parameters, groups, new ModelOptimizerOptions
        {
            Schedule = recipe.Schedule?.Invoke((long)plan.Epochs * plan.BatchCount(data.Training.Count)),
            Clip = recipe.Clip,
            ZeroGradients = true,
            Threads = threads,
        });

        var run = new Run(recipe, network.Parameters.ElementCount);
        for (int epoch = 0; epoch < plan.Epochs; epoch++)
        {
            long start = Stopwatch.GetTimestamp();
            double loss = 0;
            foreach (int[] batch in plan.Batches(epoch, data.Training.Count))
            {
                foreach (int image in batch)
                {
                    loss += Learn(network, data.Training[image], weight: 1f / batch.Length);
                }

                long stepStart = Stopwatch.GetTimestamp();
                model.Step();
                run.StepTimes.Add(Stopwatch.GetElapsedTime(stepStart));
            }

            run.Time += Stopwatch.GetElapsedTime(start);
            run.Losses.Add(loss / data.Training.Count);
            run.TestAccuracies.Add(data.Test.Average(digit => Recognises(network, digit) ? 1.0 : 0.0));
            onEpoch?.Invoke(run);
        }

        return run;
    }

    // Adds the example's share of the gradients of the batch's mean loss.
    private static double Learn(Network network, Digit digit, float weight)
    {
        ReadOnlySpan<float> scores = network.Forward(digit.Pixels);
        Span<float> gradient = stackalloc float[scores.Length];
        double loss = CrossEntropy(scores, digit.Label, gradient);
        TensorPrimitives.Multiply(gradient, weight, gradient);
        network.Backward(gradient);
        return loss;
    }

    private static bool Recognises(Network network, Digit digit) =>
        TensorPrimitives.IndexOfMax(network.Forward(digit.Pixels)) == digit.Label;

    // −log softmax(scores)[label], and its gradient by the scores: softmax(scores) − 1 at the label.
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
