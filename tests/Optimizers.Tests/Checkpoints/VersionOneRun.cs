namespace Optimizers.Tests;

/// <summary>
/// The runs behind the files in <c>Checkpoints/VersionOne</c>: each was saved after <see cref="SavedAt"/> steps, and once more
/// after <see cref="End"/>, by the first version of the format. Their schedules use no mathematical function of the platform.
/// </summary>
internal sealed class VersionOneRun : IDisposable
{
    /// <summary>The number of steps before the first file.</summary>
    public const int SavedAt = 8;

    /// <summary>The number of steps of the whole run.</summary>
    public const int End = 21;

    private readonly Func<StepOutcome> _step;
    private readonly Func<double> _scale = () => 1;
    private readonly Action _afterUpdate = () => { };
    private readonly string _name;

    /// <param name="name">The name of the run, and of its files.</param>
    /// <param name="resumed">Whether the run resumes from a file, which then contains the run's own changes.</param>
    public VersionOneRun(string name, bool resumed = false)
    {
        _name = name;
        Set.AddRange(("body.weight", [6, 5]), ("body.bias", [6]), ("head.weight", [2, 6]), ("scale", []));
        foreach (Parameter parameter in Set)
        {
            Fill(parameter.Values, parameter.Name.Length, 1);
        }

        var plateau = new ReduceOnPlateau(0.05, factor: 0.5, patience: 1);
        switch (name)
        {
            case "plain":
                Optimizer = new ModelOptimizer(Set, new AdamWOptions { WeightDecay = 0.1 }, new ModelOptimizerOptions
                {
                    Schedule = new WarmupLinear(0.02, 4, End),
                    Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 },
                });
                Checkpoint = new Checkpoint(Optimizer) { IncludeParameters = true };
                break;

            case "without-parameters":
                Optimizer = new ModelOptimizer(Set, new AdamOptions());
                Checkpoint = new Checkpoint(Optimizer) { IncludeParameters = false };
                break;

            case "plateau-not-added":
                Optimizer = new ModelOptimizer(Set, new MomentumOptions(), new ModelOptimizerOptions { Schedule = plateau });
                Checkpoint = new Checkpoint(Optimizer) { IncludeParameters = true };
                break;

            case "everything":
                var scaler = new LossScaler(new LossScalerOptions { InitialScale = 1024, GrowthInterval = 4 });
                Optimizer = new ModelOptimizer(
                    Set,
                    [
                        new ParameterGroup(new MuonOptions()) { Where = parameter => parameter.Name == "body.weight" },
                        new ParameterGroup(new ProdigyOptions())
                        {
                            Where = parameter => parameter.Name == "head.weight",
                            Schedule = new Constant(1),
                        },
                        new ParameterGroup(new AdamWOptions { AmsGrad = true })
                        {
                            Name = "rest",
                            Schedule = plateau,
                            StateFormat = StateFormat.BFloat16,
                            MomentumSchedule = new Linear(0.95, 0.8, End),
                            RateFactor = 2,
                        },
                    ],
                    new ModelOptimizerOptions { Schedule = new Linear(0.02, 0.01, End), LossScaler = scaler, NonFinite = NonFinitePolicy.Skip });
                var lookahead = new Lookahead(Optimizer, new LookaheadOptions { SynchronizationPeriod = 2 });
                var accumulator = new GradientAccumulator(lookahead, new GradientAccumulatorOptions { MicroBatches = 3 });
                var average = new ExponentialMovingAverage(Set, new ExponentialMovingAverageOptions { Decay = 0.9 });
                var watch = new DivergenceWatch(new DivergenceWatchOptions { Window = 20 });
                Checkpoint = new Checkpoint(Optimizer) { IncludeParameters = true };
                Checkpoint.Add("plateau", plateau);
                Checkpoint.Add("lookahead", lookahead);
                Checkpoint.Add("accumulator", accumulator);
                Checkpoint.Add("average", average);
                Checkpoint.Add("watch", watch);
                _scale = () => scaler.Scale;
                _step = () =>
                {
                    StepReport report = accumulator.Step();
                    average.Update(report);
                    return report.Outcome;
                };
                _afterUpdate = () => watch.Observe(plateau.Observe(4));
                break;

            default:
                throw new ArgumentException($"There is no run \"{name}\".", nameof(name));
        }

        _step ??= () => Optimizer.Step().Outcome;
        if (name == "plateau-not-added")
        {
            _afterUpdate = () => plateau.Observe(4);
        }

        IsResumed = resumed;
    }

    public ParameterSet Set { get; } = new();

    public ModelOptimizer Optimizer { get; }

    public Checkpoint Checkpoint { get; }

    private bool IsResumed { get; }

    /// <summary>Takes the steps of a range.</summary>
    public void Train(int from, int to)
    {
        for (int step = from; step < to; step++)
        {
            if (_name == "everything" && step == 5 && !IsResumed)
            {
                Optimizer.Groups[2].RateFactor = 0.5;
                Optimizer.Groups[2].WeightDecay = 0.05;
                Set["scale"].HasGradient = false;
            }

            foreach (Parameter parameter in Set)
            {
                Fill(parameter.Gradients, (31 * step) + parameter.Name.Length, _scale());
            }

            if (_step() == StepOutcome.Applied)
            {
                _afterUpdate();
            }
        }

        Checkpoint.Values["step"] = $"{to}";
    }

    public void Dispose() => Set.Dispose();

    // Fractions with the same bits on every platform.
    private static void Fill(Span<float> values, int seed, double scale)
    {
        uint random = (uint)seed * 2_654_435_761;
        for (int i = 0; i < values.Length; i++)
        {
            random = (random * 1_664_525) + 1_013_904_223;
            values[i] = (float)(((random >> 8) / 16_777_216.0 - 0.5) * scale);
        }
    }
}
