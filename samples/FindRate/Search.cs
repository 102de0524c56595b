using Digits;
using Optimizers;
using Optimizers.Diagnostics;
using Optimizers.Schedules;
using Samples;

namespace FindRate;

/// <summary>Looks for the rate of a recipe on the digits, in each of the ways that there are.</summary>
internal sealed class Search(Plan plan, DigitsData data)
{
    /// <summary>The number of epochs that a rate of the dense sweep is judged by.</summary>
    public const int Epochs = 5;

    private readonly int _batchesPerEpoch = plan.BatchCount(data.Training.Count);

    /// <summary>The range test, with the defaults.</summary>
    public RateReport Find(Recipe recipe) => With(recipe, (network, optimizer) =>
    {
        int step = 0;
        return RateFinder.Find(optimizer, _ => Step(network, optimizer, step++));
    });

    /// <summary>The sweep over powers of ten, with the defaults.</summary>
    public RateSweepReport Sweep(Recipe recipe) => With(recipe, (network, optimizer) =>
        RateSweep.Try(optimizer, (_, step) => Step(network, optimizer, step)));

    /// <summary>Trains for five epochs at each rate. A step is an epoch here, and its loss that of all images.</summary>
    public RateSweepReport Train(Recipe recipe, IReadOnlyList<double> rates) => With(recipe, (network, optimizer) =>
        RateSweep.Try(
            optimizer,
            (_, epoch) =>
            {
                double loss = Learning.LossOf(network, data.Training);
                for (int i = 0; i < _batchesPerEpoch && epoch < Epochs; i++)
                {
                    Step(network, optimizer, (epoch * _batchesPerEpoch) + i);
                }

                return loss;
            },
            new RateSweepOptions { Rates = rates, Steps = Epochs + 1, Smoothing = 0 }));

    private T With<T>(Recipe recipe, Func<Network, ModelOptimizer, T> search)
    {
        using var network = new Network(plan.Parameters);
        return search(network, recipe.OptimizerOf(network, steps: (long)Epochs * _batchesPerEpoch));
    }

    // The same batch for the same index, in every run.
    private double Step(Network network, ModelOptimizer optimizer, int index)
    {
        int[] batch = plan.Batches(index / _batchesPerEpoch, data.Training.Count).ElementAt(index % _batchesPerEpoch);
        double loss = 0;
        foreach (int image in batch)
        {
            loss += Learning.Learn(network, data.Training[image], weight: 1f / batch.Length);
        }

        optimizer.Step();
        return loss / batch.Length;
    }
}
