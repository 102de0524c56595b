using Optimizers;
using Optimizers.Schedules;
using Optimizers.Training;
using Samples;

namespace Digits;

/// <summary>An optimizer with its options, schedule, clipping and weight decay of the biases.</summary>
internal sealed record Recipe(string Name, IOptimizerOptions Options)
{
    /// <summary>All recipes, in the order in which the sample runs them.</summary>
    public static IReadOnlyList<Recipe> All { get; } =
    [
        new("Sgd", new SgdOptions { LearningRate = 0.1 }),
        new("Momentum", new MomentumOptions { LearningRate = 0.05 }),
        new("Nesterov", new NesterovOptions { LearningRate = 0.05 }),
        new("AdaGrad", new AdaGradOptions { LearningRate = 0.02 }),
        new("RmsProp", new RmsPropOptions { LearningRate = 0.001 }),
        new("Adam", new AdamOptions { LearningRate = 0.003 }),
        new("AdamW", new AdamWOptions { LearningRate = 0.003, WeightDecay = 0.01 }),
        new("RAdam", new RAdamOptions { LearningRate = 0.003 }),
        new("Lion", new LionOptions { LearningRate = 0.0003 }),

        // The usual recipe for language models: warmup, cosine schedule, clipping, and weight decay only on weights.
        new("AdamW+WarmupCosine", new AdamWOptions { LearningRate = 0.01, Beta2 = 0.95, WeightDecay = 0.1 })
        {
            Schedule = steps => new WarmupCosine(peak: 0.01, warmupSteps: steps / 20, totalSteps: steps, floor: 0.001),
            Clip = new ClipByGlobalNorm { MaximumNorm = 1 },
            WeightDecayOfBiases = 0,
        },
    ];

    /// <summary>Creates the schedule of the rate for a number of updates. Null: the rate of the options for all updates.</summary>
    public Func<long, ILrSchedule>? Schedule { get; init; }

    /// <summary>The clipping of the gradients. Null: no clipping.</summary>
    public ClipByGlobalNorm? Clip { get; init; }

    /// <summary>The weight decay of the biases. Null: the weight decay of the options.</summary>
    public double? WeightDecayOfBiases { get; init; }

    /// <summary>Returns the name, which the help prints as the default of an option.</summary>
    public override string ToString() => Name;

    /// <summary>Creates the optimizer of a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="steps">The number of updates of the schedule.</param>
    /// <param name="threads">The maximum number of threads of a step; 0: one for each processor.</param>
    public ModelOptimizer OptimizerOf(Network network, long steps, int threads = 0)
    {
        ParameterGroup[] groups =
        [
            new(Options)
            {
                Where = parameter => parameter.Name.EndsWith("bias", StringComparison.Ordinal),
                WeightDecay = WeightDecayOfBiases,
            },
            new(Options),
        ];
        return new ModelOptimizer(network.Parameters, groups, new ModelOptimizerOptions
        {
            Schedule = Schedule?.Invoke(steps),
            Clip = Clip,
            ZeroGradients = true,
            Threads = threads,
        });
    }
}
