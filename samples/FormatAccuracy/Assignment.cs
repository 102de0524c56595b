using CharModel;
using Digits;
using Optimizers;
using Optimizers.Schedules;
using Optimizers.Training;
using Samples;

namespace FormatAccuracy;

/// <summary>A model to train, with the number of updates and the learning rate.</summary>
/// <param name="Name">The name in the table.</param>
/// <param name="Steps">The number of updates.</param>
/// <param name="Rate">The highest learning rate.</param>
/// <param name="Create">Creates the model for a seed, which determines the initial weights and the order of the data.</param>
internal sealed record Assignment(string Name, int Steps, double Rate, Func<int, IModel> Create)
{
    /// <summary>Reads the data, and returns all assignments.</summary>
    public static IReadOnlyList<Assignment> ReadAll()
    {
        var digits = DigitsData.Load(DataFile.PathOf("digits.csv"));
        var corpus = Corpus.Read(DataFile.PathOf("shakespeare.txt"));
        return
        [
            new("digits", 900, 0.003, seed => new DigitsModel(digits, seed)),
            new("transformer", 300, 0.006, seed => new TransformerModel(corpus, seed)),
            new("wide network", 400, 0.002, seed => new WideModel(corpus, seed)),
        ];
    }

    /// <summary>Trains the model in a format.</summary>
    /// <param name="format">The formats of state, weights and gradients.</param>
    /// <param name="seed">The seed of the initial weights and of the order of the data.</param>
    /// <returns>The test loss, computed with the weights of the forward pass.</returns>
    public double Train(RunFormat format, int seed)
    {
        using IModel model = Create(seed);
        using var stored = new StoredModel(model.Weights, format, OptimizerOf);
        for (int step = 0; step < Steps; step++)
        {
            model.Learn(step, stored.LossScale);
            stored.Step();
        }

        return model.TestLoss();
    }

    // Weight decay applies to the matrices inside the network, and not to biases, gains and embeddings.
    private ModelOptimizer OptimizerOf(ParameterSet parameters, StateFormat state, LossScaler? scaler)
    {
        var options = new AdamWOptions { LearningRate = Rate, Beta2 = 0.99, WeightDecay = 0.1 };
        ParameterGroup[] groups =
        [
            new(options)
            {
                Where = parameter => parameter.Shape.Count > 1 && !parameter.Name.StartsWith("embedding", StringComparison.Ordinal),
                StateFormat = state,
            },
            new(options with { WeightDecay = 0 }) { StateFormat = state },
        ];
        return new ModelOptimizer(parameters, groups, new ModelOptimizerOptions
        {
            Schedule = new WarmupCosine(Rate, warmupSteps: Steps / 20, Steps, floor: Rate / 10, start: Rate / 100),
            Clip = new ClipByGlobalNorm { MaximumNorm = 1 },
            LossScaler = scaler,
            Threads = 1,
        });
    }
}
