using System.Diagnostics;
using Optimizers;
using Samples;

namespace Digits;

/// <summary>Trains a network with a recipe.</summary>
internal static class Training
{
    /// <param name="plan">The initial network and the order of the images.</param>
    /// <param name="recipe">The optimizer and its settings.</param>
    /// <param name="data">The images.</param>
    /// <param name="threads">The maximum number of threads of a step; 0: one for each processor.</param>
    /// <param name="onEpoch">Called after each epoch.</param>
    public static Run Train(Plan plan, Recipe recipe, DigitsData data, int threads = 0, Action<Run>? onEpoch = null)
    {
        using var network = new Network(plan.Parameters);
        ModelOptimizer model = recipe.OptimizerOf(
            network, steps: (long)plan.Epochs * plan.BatchCount(data.Training.Count), threads);

        var run = new Run(recipe, network.Parameters.ElementCount);
        for (int epoch = 0; epoch < plan.Epochs; epoch++)
        {
            long start = Stopwatch.GetTimestamp();
            double loss = 0;
            foreach (int[] batch in plan.Batches(epoch, data.Training.Count))
            {
                foreach (int image in batch)
                {
                    loss += Learning.Learn(network, data.Training[image], weight: 1f / batch.Length);
                }

                long stepStart = Stopwatch.GetTimestamp();
                model.Step();
                run.StepTimes.Add(Stopwatch.GetElapsedTime(stepStart));
            }

            run.Time += Stopwatch.GetElapsedTime(start);
            run.Losses.Add(loss / data.Training.Count);
            run.TestAccuracies.Add(data.Test.Average(digit => Learning.Recognises(network, digit) ? 1.0 : 0.0));
            onEpoch?.Invoke(run);
        }

        return run;
    }
}
