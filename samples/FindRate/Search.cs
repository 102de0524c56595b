using Digits;
using Optimizers;
using Optimizers.Diagnostics;
using Optimizers.Schedules;
using Samples;

namespace FindRate;

/// <summary>Finds the rate of a recipe on the digits, with a range test and with sweeps.</summary>
internal sealed class Search(Plan plan, DigitsData data)
{
    /// <summary>The number of epochs for which the dense sweep trains at each rate.</summary>
    public const int Epochs = 5;

    private readonly int _batchesPerEpoch = plan.BatchCount(data.Training.Count);

    /// <summary>Runs the range test with its default options.</summary>
    public RateReport Find(Recipe recipe) => With(recipe, (network, optimizer) =>
    {
        int step = 0;
        return RateFinder.Find(optimizer, _ => Step(network, optimizer, step++));
    });

    /// <summary>Runs the sweep over powers of ten with its default options.</summary>
    public RateSweepReport Sweep(Recipe recipe) => With(recipe, (network, optimizer) =>
        RateSweep.Try(optimizer, (_, step) => Step(network, optimizer, step)));

    /// <summary>
    /// Trains for five epochs at each rate. One step of this sweep is an epoch, and its loss is the mean loss of all training images.
    /// </summary>
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

    // The index alone decides the batch, so all runs see the same batches.
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
