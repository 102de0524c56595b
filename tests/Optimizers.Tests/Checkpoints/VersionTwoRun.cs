using Optimizers.Tests.LevelThree;

namespace Optimizers.Tests;

/// <summary>
/// The runs behind the files in <c>Checkpoints/VersionTwo</c>: each was saved after <see cref="SavedAt"/> steps by the second
/// version of the format. Rates that use a mathematical function of the platform apply to frozen parameters only.
/// </summary>
internal sealed class VersionTwoRun : IDisposable
{
    /// <summary>The number of steps before the file.</summary>
    public const int SavedAt = 8;

    /// <summary>The number of steps of the whole run.</summary>
    public const int End = 17;

    private readonly List<IDisposable> _disposed = [];
    private readonly string _name;
    private readonly string? _change;
    private readonly bool _isResumed;
    private readonly Func<double> _scale = () => 1;
    private readonly Func<StepOutcome> _step;
    private readonly Action<bool> _afterStep = _ => { };

    /// <param name="name">The name of the run, and of its file.</param>
    /// <param name="resumed">Whether the run resumes from a file, which then contains the run's own changes.</param>
    /// <param name="change">The difference from the run of the file; null for none.</param>
    public VersionTwoRun(string name, bool resumed = false, string? change = null)
    {
        _name = name;
        _isResumed = resumed;
        _change = change;
        switch (name)
        {
            case "optimizers":
                (Optimizer, Checkpoint) = Optimizers();
                break;
            case "schedules":
                (Optimizer, Checkpoint) = Schedules();
                break;
            case "formats":
                (Optimizer, Checkpoint) = Formats();
                break;
            case "own":
                (Optimizer, Checkpoint) = Own();
                break;
            case "tables":
                Set.AddTable("table", 5, 2);
                Set.AddTable("frozen", 5, 2);
                Set.Add("bias", 7);
                Optimizer = new ModelOptimizer(
                    Set,
                    [
                        new ParameterGroup(new SparseAdamOptions()) { Where = parameter => parameter.Name == "frozen", Frozen = true },
                        new ParameterGroup(new AdaGradOptions { InitialAccumulator = Or("accumulator", 0.1, 0.2) }) { Where = parameter => parameter.IsTable },
                        new ParameterGroup(new AdamWOptions()),
                    ],
                    new ModelOptimizerOptions { Clip = new ClipByGlobalNorm(), ZeroGradients = true });
                Checkpoint = new Checkpoint(Optimizer);
                break;
            case "lbfgs":
                (Optimizer, Checkpoint, _step) = Lbfgs();
                break;
            case "everything":
                var scaler = new LossScaler(new LossScalerOptions { InitialScale = 1024, GrowthInterval = 2, Hysteresis = 2 });
                var plateau = new ReduceOnPlateau(Or("plateau", 0.05, 0.06), factor: 0.5, patience: 1, cooldown: 1);
                Optimizer = Everything(scaler, plateau);
                var lookahead = new Lookahead(Optimizer, new LookaheadOptions { SynchronizationPeriod = 2 });
                var accumulator = new GradientAccumulator(lookahead, new GradientAccumulatorOptions { MicroBatches = 3 });
                var average = new ExponentialMovingAverage(Set, new ExponentialMovingAverageOptions { Decay = 0.9, Warmup = true });
                var mean = new WeightAverage(Set, new WeightAverageOptions { FirstStep = 2 });
                var watch = new DivergenceWatch(new DivergenceWatchOptions { Window = 20 });
                Checkpoint = new Checkpoint(Optimizer);
                Checkpoint.Add("lookahead", lookahead);
                Checkpoint.Add("accumulator", accumulator);
                Checkpoint.Add("average", average);
                Checkpoint.Add("mean", mean);
                Checkpoint.Add("watch", watch);
                Checkpoint.Values["data"] = "{\"shard\": 3, \"offset\": \"\u00e4\\n\"}";
                _scale = () => scaler.Scale;
                _step = () =>
                {
                    StepReport report = accumulator.Step();
                    average.Update(report);
                    mean.Update(report);
                    return report.Outcome;
                };
                _afterStep = applied =>
                {
                    if (applied)
                    {
                        watch.Observe(plateau.Observe(4));
                    }
                };
                break;
            case "sam":
                Set.AddRange(("body.weight", [6, 5]), ("body.bias", [6]));
                Optimizer = new ModelOptimizer(Set, new MomentumOptions { Momentum = Or("momentum", 0.875, 0.5) }, new ModelOptimizerOptions
                {
                    Schedule = new Linear(0.02, 0.01, End),
                    Clip = new AdaptiveClip { Clipping = Or("clip", 0.25, 0.5), Axis = 1 },
                });
                var sam = new Sam(Optimizer, new SamOptions { Rho = 0.25, Adaptive = true });
                var other = new ParameterSet();
                _disposed.Add(other);
                other.Add("critic", 3, 2);
                var second = new ModelOptimizer(other, new RmsPropOptions { Rho = 0.75, Centered = true });
                Checkpoint = new Checkpoint(Optimizer);
                Checkpoint.Add("sam", sam);
                Checkpoint.Add("second", second);
                int call = 0;
                _step = () =>
                {
                    Fill(other["critic"].Gradients, 77 + (int)Optimizer.UpdateCount, 1);
                    second.Step();
                    return sam.Step(() =>
                    {
                        foreach (Parameter parameter in Set)
                        {
                            Fill(parameter.Gradients, (13 * (int)Optimizer.UpdateCount) + (call++ % 2) + parameter.Length, 1);
                        }
                    }).Outcome;
                };
                break;
            default:
                throw new ArgumentException($"There is no run \"{name}\".", nameof(name));
        }

        if (name == "schedules")
        {
            _afterStep = _ => ObservePlateaus();
        }

        _step ??= () => Optimizer!.Step().Outcome;
        int seed = 0;
        foreach (Parameter parameter in Set)
        {
            Fill(parameter.Values, seed++, 1);
        }
    }

    /// <summary>The names of all runs.</summary>
    public static IReadOnlyList<string> Names { get; } = ["optimizers", "schedules", "formats", "own", "tables", "lbfgs", "everything", "sam"];

    public ParameterSet Set { get; } = new();

    public ModelOptimizer? Optimizer { get; }

    public Checkpoint Checkpoint { get; }

    /// <summary>Takes the steps of a range.</summary>
    public void Train(int from, int to)
    {
        for (int step = from; step < to; step++)
        {
            if (_name == "everything")
            {
                ChangeSettings(step);
            }

            int seed = 31 * step;
            foreach (Parameter parameter in Set)
            {
                if (parameter.IsTable)
                {
                    var values = new float[6];
                    Fill(values, ++seed, _scale());
                    parameter.SetRowGradients([step % 5, (step + 2) % 5, step % 5], values);
                }
                else
                {
                    Fill(parameter.Gradients, ++seed, _scale());
                }
            }

            // The scaler reduces the scale.
            if (_name == "everything" && step is 2 or 3)
            {
                Set["head.weight"].Gradients[3] = float.PositiveInfinity;
            }

            _afterStep(_step() == StepOutcome.Applied);
        }

        Checkpoint.Values["step"] = $"{to}";
    }

    public void Dispose()
    {
        Set.Dispose();
        _disposed.ForEach(part => part.Dispose());
    }

    // The changes that the run makes itself, before the file is saved and again after it.
    private void ChangeSettings(int step)
    {
        ParameterGroup rest = Optimizer!.Groups[^1];
        if (step == 5 && !_isResumed)
        {
            rest.RateFactor = 0.5;
            rest.WeightDecay = 0.05;
            Optimizer.Groups[1].Frozen = true;
            Set["scale"].HasGradient = false;
        }

        if (step == 12)
        {
            rest.RateFactor = 1.5;
            Optimizer.Groups[1].Frozen = false;
            Set["scale"].HasGradient = true;
        }
    }

    // One group for each optimizer, with options that are not the defaults and numbers with many digits.
    private (ModelOptimizer Optimizer, Checkpoint Checkpoint) Optimizers()
    {
        IOptimizerOptions[] options =
        [
            new SgdOptions { LearningRate = 1.0 / 3, WeightDecay = 1e-7 },
            new MomentumOptions { Momentum = 0.8, Dampening = 0.3, WeightDecay = 0.1 },
            new MomentumOptions { Averaged = true, Maximize = true },
            new NesterovOptions { Momentum = 0.7, Maximize = true, Cautious = true },
            new AdaGradOptions { LearningRateDecay = 0.1, InitialAccumulator = 0.5 },
            new RmsPropOptions { Momentum = 0.5, Centered = true, EpsilonInsideSquareRoot = true },
            new AdamOptions { AmsGrad = true, Beta2 = Or("Beta2", 0.9921875, 0.98) },
            new AdamWOptions { LearningRate = 1e-3, WeightDecay = 1.0 / 3, Epsilon = 1e-30 },
            new SparseAdamOptions { Beta1 = 0.5 },
            new RAdamOptions { WeightDecay = 0.1, DecoupledWeightDecay = true },
            new LionOptions { Cautious = Or("Cautious", true, false) },
            new LambOptions { WeightDecay = 0.1 },
            new LarsOptions { TrustCoefficient = 0.02, Nesterov = true },
            new NovoGradOptions { Beta2 = 0.98 },
            new AdafactorOptions { Epsilon1 = Or<double?>("Epsilon1", null, 1e-20), Beta2Decay = -0.7 },
            new AdafactorOptions { Epsilon1 = 1e-12, ClipThreshold = 1.5 },
            new MuonOptions { RateAdjustment = Or("RateAdjustment", RateAdjustment.MatchRmsAdamW, RateAdjustment.Original), NewtonSchulzSteps = 3 },
            new ProdigyOptions { InitialD = 1e-3, Beta3 = 0.96875, GrowthRate = Or<double?>("GrowthRate", 1.25, null) },
            new ProdigyOptions { InitialD = 1e-3, BiasCorrection = true, SafeguardWarmup = true },
            new AdaDeltaOptions { Rho = 0.95 },
            new AdamaxOptions { Beta1 = 0.5 },
            new NAdamOptions { MomentumDecay = 0.5, DecoupledWeightDecay = true, WeightDecay = 0.1 },
            new RpropOptions { EtaMinus = 0.3, EtaPlus = 1.5, MaximumStep = 0.02 },
            new AsgdOptions { Lambda = 0.05, AveragingStart = 2 },
            new AdaBeliefOptions { EpsilonRoot = 1e-6 },
            new YogiOptions { InitialAccumulator = 0 },
            new AdanOptions { Cautious = true, DecoupledWeightDecay = true },
            new AdEmaMixOptions { WarmupSteps = Or("WarmupSteps", 12L, 13L), Alpha = 4 },
            new AdoptOptions { Clipping = false },
            new SignSgdOptions { WeightDecay = 0.1 },
            new SignumOptions { Momentum = 0.3 },
            new FtrlOptions { L1 = 0.01, L2 = 0.3, LearningRatePower = -0.5 },
            new SophiaOptions { HessianInterval = 3 },
            new ScheduleFreeSgdOptions { WarmupSteps = 8, R = 1 },
            new ScheduleFreeAdamWOptions { WarmupSteps = 8, WeightLrPower = 2 },
        ];
        ParameterGroup[] groups = new ParameterGroup[options.Length];
        for (int i = 0; i < options.Length; i++)
        {
            string parameter = $"p{i}";
            Set.Add(parameter, 2, 3);
            groups[i] = new ParameterGroup(options[i]) { Where = candidate => candidate.Name == parameter, Name = i % 3 == 0 ? $"group \"{i}\"" : null };
        }

        var optimizer = new ModelOptimizer(Set, groups);
        return (optimizer, new Checkpoint(optimizer));
    }

    private (ModelOptimizer Optimizer, Checkpoint Checkpoint) Schedules()
    {
        ILrSchedule[] plain =
        [
            new Constant(0.1),
            new StepDecay(0.1, 3, 0.5),
            new MultiStep(0.1, Or("milestones", new long[] { 2, 5, 9 }, [2, 5, 10]), 0.5),
            new Exponential(0.1, 0.9375),
            new InverseTime(0.1, 4, 0.5, staircase: true),
            new Linear(0.1, 0.01, 12, begin: 2),
            new WarmupConstant(0.1, 4, 0.01),
            new WarmupLinear(0.1, 4, Or("total", 20L, 21L), 0.01, 0.001),
            new PiecewiseConstant([3, 7], [0.1, Or("value", 0.05, 0.06), 1.0 / 3]),
            new Cyclic(0.01, 0.1, 3, Or<long?>("down", null, 4), CyclicMode.Triangular2),
            new Sequence([new Constant(0.1), new Linear(0.1, 0.01, 5)], [6]),
            new StepDecay(0.1, 3, Or("gamma", 0.5, 0.25)).WithWarmup(4, 0.001).Scale(0.5),
            new Linear(0.1, 0, 12).Times(new Constant(0.5)).Clamp(0.01, Or("maximum", 0.04, 0.05)),
            new Linear(0.1, 0, 30).Shift(3).Then(10, new Constant(0.01)),
            new StepDecay(0.1, 1, 0.5).PerEpoch(4),
            new Linear(0.1, 0, 6).InEpochs(3),
            new ReduceOnPlateau(0.1, PlateauMode.Max, 0.5, 1, 1e-3, ThresholdMode.Absolute, 1, 0.001).WithWarmup(Or("warmup", 3L, 4L)).Scale(0.5),
        ];
        ILrSchedule[] ofPlatform =
        [
            new ExponentialDecay(0.1, 4, 0.5, staircase: false, begin: 2, floor: Or<double?>("floor", 0.01, null)),
            new Polynomial(0.1, 0.01, 1.5, 12),
            new Cosine(0.1, 12, 0.01),
            new CosineRestarts(0.1, 3, 2, 0.5, 0.01),
            new WarmupCosine(0.1, 2, 20, 0.01),
            new InverseSquareRoot(0.1, 4, Or<double?>("timescale", null, 5)),
            new Noam(64, 4, 0.5),
            new WarmupStableDecay(0.1, 2, 4, 6, 0.01),
            new OneCycle(0.1, 20, shape: Or("shape", CurveShape.Linear, CurveShape.Cosine), threePhase: true),
            new Tanh(0.1, 12, 0.01),
            new SwaAnneal(0.1, 0.05, 4, CurveShape.Linear),
        ];
        var groups = new List<ParameterGroup>();
        foreach (ILrSchedule schedule in plain.Concat(ofPlatform))
        {
            string parameter = $"p{groups.Count}";
            Set.Add(parameter, 2);
            groups.Add(new ParameterGroup(new SgdOptions())
            {
                Where = candidate => candidate.Name == parameter,
                Schedule = schedule,
                Frozen = groups.Count >= plain.Length,
            });
        }

        // Schedules for momentum and decay; one of them has state.
        Set.Add("driven", 5);
        groups.Add(new ParameterGroup(new AdamWOptions())
        {
            MomentumSchedule = new Sequence([new Linear(0.95, 0.8, 5), new ReduceOnPlateau(0.5, factor: 0.5, patience: 0)], [6]),
            WeightDecaySchedule = new PiecewiseConstant([4], [0.1, Or("decay", 0.2, 0.3)]),
        });
        var optimizer = new ModelOptimizer(Set, groups, new ModelOptimizerOptions
        {
            Schedule = new Linear(0.02, 0.01, End).WithWarmup(2).Times(new Cyclic(0.5, 1, 2, 3, CyclicMode.Triangular)),
            Clip = new ClipByGlobalNorm { MaximumNorm = Or("norm", 1.5, 1.25), NormKind = NormKind.Infinity },
            ZeroGradients = true,
        });
        return (optimizer, new Checkpoint(optimizer));
    }

    // The losses depend on the number of the update, so a resumed run has the same losses.
    private void ObservePlateaus()
    {
        foreach (ReduceOnPlateau plateau in Optimizer!.Groups
            .SelectMany(group => ScheduleState.Of(group.Schedule).Concat(ScheduleState.Of(group.MomentumSchedule)))
            .Cast<ReduceOnPlateau>())
        {
            plateau.Observe(4 - (Optimizer.UpdateCount % 3));
        }
    }

    // Non-negative slots and signed slots in every format; each has an incomplete last block.
    private (ModelOptimizer Optimizer, Checkpoint Checkpoint) Formats()
    {
        var groups = new List<ParameterGroup>();
        foreach (StateFormat format in Enum.GetValues<StateFormat>())
        {
            int length = format == StateFormat.Block8 ? 4_099 : 67;
            string parameter = format.ToString();
            Set.Add(parameter, length);
            groups.Add(new ParameterGroup(new AdamOptions { LearningRate = 0.01 })
            {
                Where = candidate => candidate.Name == parameter,
                StateFormat = _change == "format" && format == StateFormat.Half ? StateFormat.BFloat16 : format,
            });
        }

        Set.Add("matrix", 5, 13);
        groups.Add(new ParameterGroup(new AdafactorOptions()) { StateFormat = StateFormat.Half, Where = candidate => candidate.Name == "matrix" });
        Set.Add("small", 9);
        groups.Add(new ParameterGroup(new LambOptions()) { StateFormat = StateFormat.Block8 });
        var optimizer = new ModelOptimizer(Set, groups);
        return (optimizer, new Checkpoint(optimizer) { IncludeParameters = false });
    }

    // Options and a schedule of a user.
    private (ModelOptimizer Optimizer, Checkpoint Checkpoint) Own()
    {
        Set.Add("weight", 4, 5);
        var optimizer = new ModelOptimizer(Set, new OwnOptions { Beta = Or("Beta", 0.75, 0.5), WeightDecay = 0.1 }, new ModelOptimizerOptions
        {
            Schedule = new OwnSchedule(Or("Rate", 0.1, 0.2), OwnKind.Second, new OwnPart(null, 3)),
        });
        return (optimizer, new Checkpoint(optimizer));
    }

    private (ModelOptimizer? Optimizer, Checkpoint Checkpoint, Func<StepOutcome> Step) Lbfgs()
    {
        Set.Add("point", 6);
        var lbfgs = new Lbfgs(6, new LbfgsOptions { MaximumIterations = 2, HistorySize = 3, LineSearch = LineSearch.StrongWolfe });
        var adam = new Adam(7, new AdamOptions { AmsGrad = true });
        var buffer = new float[7];
        var checkpoint = new Checkpoint { IncludeParameters = true };
        checkpoint.Add("lbfgs", lbfgs);
        checkpoint.Add("adam", adam.State);
        checkpoint.Add("numbers", new Numbers(Set["point"], buffer));
        return (null, checkpoint, () =>
        {
            var gradients = new float[7];
            Fill(gradients, (int)adam.State.Iteration, 1);
            adam.Step(buffer, gradients);
            lbfgs.Step(Set["point"].Values, (point, gradient) =>
            {
                double sum = 0;
                for (int i = 0; i < point.Length; i++)
                {
                    float distance = point[i] - i;
                    gradient[i] = distance * distance * distance;
                    sum += 0.25 * distance * distance * distance * distance;
                }

                return sum;
            });
            return StepOutcome.Applied;
        }
        );
    }

    private ModelOptimizer Everything(LossScaler scaler, ReduceOnPlateau plateau)
    {
        Set.AddRange(("body.weight", [6, 5]), ("body.bias", [6]), ("head.weight", [2, 6]), ("scale", []), ("table", [5, 2]));
        return new ModelOptimizer(
            Set,
            [
                new ParameterGroup(new MuonOptions()) { Where = parameter => parameter.Name == "body.weight" },
                new ParameterGroup(new ProdigyOptions { InitialD = 1e-3 })
                {
                    Where = parameter => parameter.Name == "head.weight",
                    Schedule = new Constant(1),
                },
                new ParameterGroup(new SparseAdamOptions()) { Where = parameter => parameter.Name == "table", Schedule = plateau.Scale(0.5) },
                new ParameterGroup(new AdamWOptions { AmsGrad = true })
                {
                    Name = "rest, \u00e4 {1}",
                    Schedule = plateau,
                    StateFormat = StateFormat.BFloat16,
                    MomentumSchedule = new Linear(0.95, Or("momentum", 0.8, 0.7), End),
                    RateFactor = Or("RateFactor", 2.0, 3.0),
                },
            ],
            new ModelOptimizerOptions
            {
                Schedule = new Linear(0.02, 0.01, End),
                LossScaler = scaler,
                NonFinite = NonFinitePolicy.Skip,
                Clip = new ClipByNorm { MaximumNorm = Or("MaximumNorm", 0.5, 0.75) },
            });
    }

    private T Or<T>(string change, T value, T changed) => _change == change ? changed : value;

    // Fractions with the same bits on every platform.
    private static void Fill(Span<float> values, int seed, double scale)
    {
        uint random = (uint)(seed + 1) * 2_654_435_761;
        for (int i = 0; i < values.Length; i++)
        {
            random = (random * 1_664_525) + 1_013_904_223;
            values[i] = (float)(((random >> 8) / 16_777_216.0 - 0.5) * scale);
        }
    }

    private sealed class Numbers(Parameter point, float[] buffer) : ICheckpointed
    {
        public void Describe(CheckpointManifest contents)
        {
            contents.Tensor("point", point.Shape, () => point.Values);
            contents.Tensor("buffer", [buffer.Length], () => buffer.AsSpan());
            contents.Value("kind", () => "\"numbers\"", _ => () => { });
        }
    }
}

/// <summary>A user's record with many kinds of values.</summary>
public enum OwnKind
{
    First,
    Second,
}

/// <summary>A record inside a record.</summary>
public sealed record OwnPart(double? Bound, long Count);

/// <summary>A user's schedule.</summary>
public sealed record OwnSchedule(double Rate, OwnKind Kind, OwnPart Part) : ILrSchedule
{
    public double At(long step) => step < Part.Count ? Rate : Rate / 2;
}
