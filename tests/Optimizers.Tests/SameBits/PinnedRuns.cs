
namespace Optimizers.Tests;

/// <summary>
/// The runs whose bits are pinned. All input numbers are made of integers, and all schedules are sums and
/// products, so no mathematical function of the platform is used.
/// </summary>
internal static class PinnedRuns
{
    // 63 × 81, for optimizers of matrices: a complete block of 4,096 elements, and a rest that is no multiple of a lane.
    private const int Length = 4_096 + 1_000 + 7;
    private const int Steps = 20;
    private const int StepOfRateZero = 12;
    private const int ModelSteps = 7;
    private const int RowsSteps = 6;
    private const int Rows = 729;
    private const int RowWidth = 7;

    private static readonly string[] _representatives =
    [
        "Sgd", "Momentum", "Momentum, averaged", "AdamW", "Adam, amsgrad", "NAdam, coupled", "NAdam, decoupled", "Lamb, decay", "Lars, decay",
        "NovoGrad, decay", "Adafactor, decay", "Muon", "Prodigy, corrected", "ScheduleFreeAdamW, warmup", "Rprop", "Lion, cautious",
        "Lamb, cautious",
    ];

    // The overflow in the second step halves the scale.
    private static readonly Dictionary<string, ModelSetting> _settings = new()
    {
        ["plain"] = new(),
        ["global norm"] = new() { Options = new() { Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 } } },
        ["global maximum"] = new() { Options = new() { Clip = new ClipByGlobalNorm { MaximumNorm = 0.01, NormKind = NormKind.Infinity } } },
        ["norm"] = new() { Options = new() { Clip = new ClipByNorm { MaximumNorm = 0.25 } } },
        ["value"] = new() { Options = new() { Clip = new ClipByValue { Limit = 0.01 } } },
        ["adaptive"] = new() { Options = new() { Clip = new AdaptiveClip() } },
        ["zeroed gradients"] = new() { Options = new() { ZeroGradients = true, Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 } } },
        ["rounded copy"] = new() { KeepsRoundedCopies = true },
        ["loss scale"] = new() { LossScale = 96 },
        ["loss scaler"] = new() { UsesScaler = true, Overflows = true, Options = new() { NonFinite = NonFinitePolicy.Skip } },
        ["skipped step"] = new() { Overflows = true, Options = new() { NonFinite = NonFinitePolicy.Skip, ZeroGradients = true } },
        ["decay"] = new() { WeightDecay = 0.15 },
        ["decay, clipped"] = new() { WeightDecay = 0.15, Options = new() { Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 } } },
        ["measured"] = new() { Options = new() { MeasureUpdates = true } },
        ["frozen"] = new() { Freezes = true, Options = new() { Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 } } },
        ["momentum schedule"] = new() { SchedulesMomentum = true },
        ["rate schedule"] = new() { Options = new() { Schedule = new Linear(0.02, 0, 5) } },
        ["without gradient"] = new() { Misses = true },
        ["table"] = new() { HasTable = true, Options = new() { Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 }, MeasureUpdates = true } },
        ["everything, BFloat16"] = Everything(StateFormat.BFloat16),
        ["everything, Half"] = Everything(StateFormat.Half),
        ["everything, Block8"] = Everything(StateFormat.Block8),
    };

    /// <summary>The name of each pin, and the function that computes it with some number of threads.</summary>
    public static IReadOnlyDictionary<string, Func<int, string>> All { get; } = MakeAll();

    /// <summary>Whether a run is large enough for several threads.</summary>
    public static bool UsesThreads(string name) =>
        name.EndsWith(" | model", StringComparison.Ordinal) || name.Contains("everything", StringComparison.Ordinal);

    private static Dictionary<string, Func<int, string>> MakeAll()
    {
        var runs = new Dictionary<string, Func<int, string>>();
        foreach (OptimizerVariant variant in Catalogue.Optimizers.SelectMany(row => row.Variants))
        {
            foreach (StateFormat format in Enum.GetValues<StateFormat>())
            {
                runs.Add($"{variant.Name} | {format}", threads => Buffer(variant, format, threads));
            }

            if (RowDraw.Takes(variant.Options))
            {
                runs.Add($"{variant.Name} | rows", threads => SomeRows(variant, threads));
            }

            runs.Add($"{variant.Name} | model", threads => Model(variant, Everything(StateFormat.Float32), threads));
        }

        foreach (OptimizerVariant variant in _representatives.Select(Catalogue.Variant))
        {
            foreach ((string name, ModelSetting setting) in _settings)
            {
                if (setting.HasTable && !RowDraw.Takes(variant.Options))
                {
                    continue;
                }

                if (setting.SchedulesMomentum && name == "momentum schedule" && variant.Options.SchedulableMomentum is null)
                {
                    continue;
                }

                runs.Add($"{variant.Name} | model, {name}", threads => Model(variant, setting, threads));
            }
        }

        runs.Add("Lookahead", threads => Wrapped(threads, model => new Lookahead(model, new() { SynchronizationPeriod = 3, SlowStepSize = 0.75, Threads = threads })));
        runs.Add("Sam", threads => Wrapped(threads, model => new Sam(model, new() { Rho = 0.25, Threads = threads })));
        runs.Add("Sam, adaptive", threads => Wrapped(threads, model => new Sam(model, new() { Rho = 0.25, Adaptive = true, Threads = threads })));
        runs.Add("GradientAccumulator", threads => Wrapped(threads, model => new GradientAccumulator(model, new() { MicroBatches = 3 })));
        runs.Add("GradientAccumulator, sum", threads => Wrapped(threads, model => new GradientAccumulator(model, new() { MicroBatches = 3, Mean = false })));
        runs.Add("GradientAccumulator, in place", threads => Wrapped(threads, model => new GradientAccumulator(model, new() { MicroBatches = 3, AddsInPlace = true }), inPlace: true));
        return runs;
    }

    private static string Buffer(OptimizerVariant variant, StateFormat format, int threads)
    {
        var optimizer = new Optimizer(variant.Shape(Length), variant.Options, threads, format);
        var parameters = new float[Length];
        var gradients = new float[Length];
        var numbers = new Numbers(1);
        numbers.Fill(parameters);
        for (int step = 0; step < Steps; step++)
        {
            numbers.FillWild(gradients);
            double factor = step == StepOfRateZero ? 0 : 0.5 + (step % 4) / 4.0;
            optimizer.Step(parameters, gradients, variant.Options.LearningRate * factor);
        }

        using var hash = new PinHash();
        hash.Add(parameters);
        hash.Add(optimizer.State);
        return hash.Finish();
    }

    private static string SomeRows(OptimizerVariant variant, int threads)
    {
        var optimizer = new Optimizer([Rows, RowWidth], variant.Options, threads);
        var parameters = new float[Rows * RowWidth];
        var numbers = new Numbers(2);
        numbers.Fill(parameters);
        for (int step = 0; step < RowsSteps; step++)
        {
            (int[] rows, float[] values) = numbers.Rows(Rows, RowWidth, step == 3 ? 0 : 40 * (step + 1));
            optimizer.Step(
                parameters, new RowGradients(rows, values, RowWidth), step == 4 ? 0 : variant.Options.LearningRate * (step + 1) / 4.0);
        }

        using var hash = new PinHash();
        hash.Add(parameters);
        hash.Add(optimizer.State);
        return hash.Finish();
    }

    private static string Model(OptimizerVariant variant, ModelSetting setting, int threads)
    {
        using var set = new ParameterSet();
        set.AddRange(("weight", [37, 113]), ("bias", [1_031]), ("scale", []), ("kernel", [5, 3, 3, 3]));
        if (setting.IsLarge)
        {
            // Enough for a step to use several threads.
            set.Add("long", 100_003);
        }

        if (setting.HasTable)
        {
            set.AddTable("table", 211, RowWidth);
        }

        var numbers = new Numbers(3);
        foreach (Parameter parameter in set)
        {
            numbers.Fill(parameter.Values);
            if (setting.KeepsRoundedCopies && parameter.Name != "scale")
            {
                parameter.KeepBFloat16Copy();
            }
        }

        LossScaler? scaler = setting.UsesScaler ? new LossScaler(new() { InitialScale = 1_024, GrowthInterval = 3 }) : null;
        ParameterGroup[] groups = [.. Catalogue.GroupsOf(variant.Options).SelectMany(group => setting.GroupsOf(group))];
        var optimizer = new ModelOptimizer(set, groups, setting.Options with { Threads = threads, LossScaler = scaler });
        using var hash = new PinHash();
        for (int step = 0; step < ModelSteps; step++)
        {
            double scale = setting.LossScale * (scaler?.Scale ?? 1);
            foreach (Parameter parameter in set)
            {
                if (parameter.IsTable)
                {
                    (int[] rows, float[] values) = numbers.Rows(parameter.Shape[0], RowWidth, 30 + step);
                    parameter.SetRowGradients(rows, values);
                }
                else
                {
                    numbers.Fill(parameter.Gradients, scale);
                }
            }

            if (setting.Overflows && step == 1)
            {
                set["bias"].Gradients[1_000] = float.PositiveInfinity;
            }

            set["kernel"].HasGradient = !setting.Misses || step % 3 != 1;
            groups[0].Frozen = setting.Freezes && step is 2 or 3;
            hash.Add(optimizer.Step(setting.LossScale == 1 ? default : new LossScale(setting.LossScale)));
            Array.ForEach(groups, group => hash.Add(optimizer.UpdateRatioOf(group)));
            foreach (Parameter parameter in set.Where(parameter => !parameter.IsTable))
            {
                hash.Add(parameter.Gradients);
            }
        }

        Append(hash, set);
        foreach (Parameter parameter in set)
        {
            hash.Add(optimizer.StateOf(parameter.Name));
        }

        hash.Add(scaler?.Scale ?? 1);
        return hash.Finish();
    }

    private static string Wrapped(int threads, Func<ModelOptimizer, IModelOptimizer> wrap, bool inPlace = false)
    {
        using var set = new ParameterSet();
        set.AddRange(("weight", [37, 113]), ("bias", [1_031]), ("scale", []));
        var numbers = new Numbers(4);
        foreach (Parameter parameter in set)
        {
            numbers.Fill(parameter.Values);
        }

        var model = new ModelOptimizer(set, new AdamWOptions { LearningRate = 0.01 }, new ModelOptimizerOptions { Threads = threads, ZeroGradients = inPlace });
        IModelOptimizer optimizer = wrap(model);
        AveragedWeights[] averages =
        [
            new ExponentialMovingAverage(set, new() { Decay = 0.75, Warmup = true, Threads = threads }), new WeightAverage(set, new() { Threads = threads }),
        ];
        using var hash = new PinHash();
        for (int step = 0; step < ModelSteps; step++)
        {
            StepReport report = optimizer is Sam sam ? sam.Step(FillAll) : FillAndStep();
            hash.Add(report);
            Array.ForEach(averages, average => average.Update(report));
        }

        Append(hash, set);
        foreach (Parameter parameter in set)
        {
            hash.Add(model.StateOf(parameter.Name));
            Array.ForEach(averages, average => hash.Add(average[parameter.Name]));
            if (optimizer is Lookahead lookahead)
            {
                hash.Add(lookahead.SlowWeights(parameter.Name));
            }
        }

        return hash.Finish();

        void FillAll()
        {
            foreach (Parameter parameter in set)
            {
                var gradients = new float[parameter.Length];
                numbers.Fill(gradients);
                for (int i = 0; i < gradients.Length; i++)
                {
                    float gradient = gradients[i] + (0.5f * parameter.Values[i]);
                    parameter.Gradients[i] = inPlace ? parameter.Gradients[i] + gradient : gradient;
                }
            }
        }

        StepReport FillAndStep()
        {
            FillAll();
            return optimizer.Step();
        }
    }

    private static void Append(PinHash hash, ParameterSet set)
    {
        foreach (Parameter parameter in set)
        {
            hash.Add(parameter.Name);
            hash.Add(parameter.Values);
            hash.Add(parameter.BFloat16Values);
            if (parameter.IsTable)
            {
                hash.Add(parameter.GradientRows);
                hash.Add(parameter.RowGradients);
            }
        }
    }

    private static ModelSetting Everything(StateFormat format) => new()
    {
        IsLarge = true,
        Format = format,
        KeepsRoundedCopies = true,
        LossScale = 64,
        WeightDecay = 0.05,
        SchedulesMomentum = true,
        Misses = true,
        Options = new()
        {
            Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 },
            ZeroGradients = true,
            MeasureUpdates = true,
            Schedule = new PiecewiseConstant([2, 4], [0.01, 0, 0.005]),
        },
    };

    private sealed record ModelSetting
    {
        public ModelOptimizerOptions Options { get; init; } = new();

        public StateFormat Format { get; init; }

        public double? WeightDecay { get; init; }

        public double LossScale { get; init; } = 1;

        public bool IsLarge { get; init; }

        public bool UsesScaler { get; init; }

        public bool Overflows { get; init; }

        public bool KeepsRoundedCopies { get; init; }

        public bool Freezes { get; init; }

        public bool SchedulesMomentum { get; init; }

        public bool Misses { get; init; }

        public bool HasTable { get; init; }

        /// <summary>A group of the catalogue with this setting, divided into two if one part is to be frozen.</summary>
        public IEnumerable<ParameterGroup> GroupsOf(ParameterGroup group)
        {
            if (Freezes && group.Where is null)
            {
                yield return Set(group, parameter => parameter.Name is "bias" or "kernel");
            }

            yield return Set(group, group.Where);
        }

        private ParameterGroup Set(ParameterGroup group, Predicate<Parameter>? where) => new(group.Options)
        {
            Where = where,
            StateFormat = Format,
            WeightDecay = WeightDecay,
            MomentumSchedule = SchedulesMomentum && group.Options.SchedulableMomentum is not null ? new Linear(0.95, 0.5, 6) : null,
        };
    }

    /// <summary>A generator of integers, and of floats made from their bits.</summary>
    private struct Numbers(uint seed)
    {
        private uint _state = seed * 2_654_435_761;

        /// <summary>Multiples of 2⁻²⁴ from -1/2 to 1/2, times a scale that is a product of small integers and powers of 2.</summary>
        public void Fill(Span<float> values, double scale = 1)
        {
            foreach (ref float value in values)
            {
                value = (float)((Next() / 16_777_216.0 - 0.5) * scale);
            }
        }

        /// <summary>Zeros of both signs, denormal numbers, and magnitudes from 2⁻³⁰ to 2⁶.</summary>
        public void FillWild(Span<float> values)
        {
            foreach (ref float value in values)
            {
                uint kind = Next() % 32;
                uint fraction = Next() & 0x7F_FFFF;
                uint sign = (Next() & 1) << 31;
                value = BitConverter.UInt32BitsToSingle(sign | kind switch
                {
                    0 => 0,
                    1 => fraction,
                    2 or 3 => ((97 + (Next() % 36)) << 23) | fraction,
                    _ => ((123 + (Next() % 6)) << 23) | fraction,
                });
            }
        }

        /// <summary>Some rows, some of them repeated, and their gradients.</summary>
        public (int[] Rows, float[] Values) Rows(int tableRows, int width, int count)
        {
            var rows = new int[count];
            var values = new float[count * width];
            foreach (ref int row in rows.AsSpan())
            {
                row = (int)(Next() % (uint)tableRows);
            }

            Fill(values);
            return (rows, values);
        }

        private uint Next()
        {
            _state = (_state * 1_664_525) + 1_013_904_223;
            return _state >> 8;
        }
    }
}
