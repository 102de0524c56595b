namespace Optimizers.Tests;

/// <summary>
/// The table of all optimizers. Every shared test runs on each row, and a new optimizer needs one new row. A row has the
/// optimizer with its defaults, a slow implementation in double, its special properties, and the variants of its
/// options that take different paths through its code.
/// </summary>
public static class Catalogue
{
    private static readonly Lazy<HashSet<string>> _representatives = new(() =>
    [
        .. All().DistinctBy(variant => (StepOf(variant), variant.Options.Define().Slots.Count)).Select(variant => variant.Name),
        .. All().DistinctBy(variant => (StepOf(variant), TransformsOf(variant))).Select(variant => variant.Name),
    ]);

    public static IReadOnlyList<OptimizerRow> Optimizers { get; } =
    [
        Row(new SgdOptions(), (n, o, t) => new Sgd(n, o, t),
            new() { Oracle = Oracles.Sgd },
            ("decay", new SgdOptions { WeightDecay = 0.1 }),
            ("maximize", new SgdOptions { WeightDecay = 0.1, Maximize = true })),
        Row(new MomentumOptions(), (n, o, t) => new Momentum(n, o, t),
            new()
            {
                Oracle = Oracles.Momentum,
                Refused =
                [
                    (new() { Averaged = true, Momentum = 1 }, "Momentum", "1"),
                    (new() { Averaged = true, Dampening = 0.25 }, "Dampening", "0.25"),
                ],
            },
            ("dampening", new MomentumOptions { Momentum = 0.8, Dampening = 0.3, WeightDecay = 0.1 }),
            ("averaged", new MomentumOptions { Averaged = true, Maximize = true }),
            ("half", new MomentumOptions { Momentum = 0.5 }),
            ("low", new MomentumOptions { Momentum = 0.3 })),
        Row(new NesterovOptions(), (n, o, t) => new Nesterov(n, o, t),
            new() { Oracle = Oracles.Nesterov },
            ("decay", new NesterovOptions { Momentum = 0.7, WeightDecay = 0.1, Maximize = true })),
        Row(new AdaGradOptions(), (n, o, t) => new AdaGrad(n, o, t),
            new() { Oracle = Oracles.AdaGrad, IgnoresGradientScale = o => o.InitialAccumulator == 0 },
            ("options", new AdaGradOptions { LearningRateDecay = 0.1, InitialAccumulator = 0.5, WeightDecay = 0.1, Epsilon = 0.01 })),
        Row(new RmsPropOptions(), (n, o, t) => new RmsProp(n, o, t),
            new() { Oracle = Oracles.RmsProp, IgnoresGradientScale = _ => true },
            ("centered", new RmsPropOptions { Centered = true, WeightDecay = 0.1 }),
            ("momentum", new RmsPropOptions { Momentum = 0.9 }),
            ("centered momentum", new RmsPropOptions { Momentum = 0.5, Centered = true, Maximize = true }),
            ("epsilon inside", new RmsPropOptions { EpsilonInsideSquareRoot = true, Epsilon = 1e-4 })),
        Row(new AdamOptions(), (n, o, t) => new Adam(n, o, t),
            new() { Oracle = Oracles.Adam, IgnoresGradientScale = _ => true },
            ("amsgrad", new AdamOptions { AmsGrad = true, WeightDecay = 0.1 }),
            ("maximize", new AdamOptions { Maximize = true })),
        Row(new AdamWOptions(), (n, o, t) => new AdamW(n, o, t),
            new() { Oracle = Oracles.AdamW, IgnoresGradientScale = _ => true },
            ("no decay", new AdamWOptions { WeightDecay = 0 }),
            ("amsgrad", new AdamWOptions { AmsGrad = true, Maximize = true })),
        Row(new SparseAdamOptions(), (n, o, t) => new SparseAdam(n, o, t),
            new() { Oracle = Oracles.SparseAdam, IgnoresGradientScale = _ => true },
            ("maximize", new SparseAdamOptions { Beta1 = 0.5, Epsilon = 1e-3, Maximize = true })),
        Row(new RAdamOptions(), (n, o, t) => new RAdam(n, o, t),
            new() { Oracle = Oracles.RAdam },
            ("decoupled", new RAdamOptions { WeightDecay = 0.1, DecoupledWeightDecay = true }),
            ("coupled", new RAdamOptions { WeightDecay = 0.1, Beta2 = 0.95 })),
        Row(new LionOptions(), (n, o, t) => new Lion(n, o, t),
            new()
            {
                Oracle = Oracles.Lion,
                IgnoresGradientScale = _ => true,
                MovesByTheRate = _ => true,
            },
            ("decay", new LionOptions { WeightDecay = 0.1, Beta1 = 0.95, Beta2 = 0.98 })),
        Row(new LambOptions(), (n, o, t) => new Lamb(n, o, t),
            new() { Oracle = Oracles.Lamb, IgnoresGradientScale = _ => true },
            ("decay", new LambOptions { WeightDecay = 0.1 })),
        Row(new LarsOptions(), (n, o, t) => new Lars(n, o, t),
            new()
            {
                Oracle = Oracles.Lars,
                IgnoresGradientScale = o => o.WeightDecay == 0,
            },
            ("decay", new LarsOptions { LearningRate = 2, WeightDecay = 0.1, Momentum = 0.5, TrustCoefficient = 0.02 }),
            ("nesterov", new LarsOptions { LearningRate = 0.1, Nesterov = true, Epsilon = 0.1 })),
        Row(new NovoGradOptions(), (n, o, t) => new NovoGrad(n, o, t),
            new() { Oracle = Oracles.NovoGrad, IgnoresGradientScale = _ => true },
            ("decay", new NovoGradOptions { WeightDecay = 0.1, Beta1 = 0.5, Beta2 = 0.98 })),
        Row(new AdafactorOptions(), (s, o, t) => new Adafactor(s, o, t),
            new()
            {
                Oracle = Oracles.Adafactor,
                Shape = (o, n) => o.Maximize ? [n] : Matrix(n),
                IgnoresGradientScale = _ => true,
            },
            ("decay", new AdafactorOptions { LearningRate = 0.3, WeightDecay = 0.1, Beta2Decay = -0.3, ClipThreshold = 0.7 }),
            ("vector", new AdafactorOptions { Maximize = true, ClipThreshold = 1.5 }),
            ("vector with decay", new AdafactorOptions { Maximize = true, WeightDecay = 0.1, Epsilon1 = 0.1, Epsilon2 = 0.5 })),
        Row(new MuonOptions(), (s, o, t) => new Muon(s, o, t),
            new()
            {
                Oracle = Oracles.Muon,
                Shape = (_, n) => Matrix(n),
                MixesElements = true,

                // The slope at 0 of each of five iterations is 3.4445.
                RoundingsOfTheLargestMove = 485,
                IgnoresGradientScale = _ => true,
                Refused =
                [
                    (new() { NewtonSchulzSteps = -1 }, "NewtonSchulzSteps", "-1"),
                    (new() { NewtonSchulzSteps = 100 }, "NewtonSchulzSteps", "100"),
                    (new() { RateAdjustment = (RateAdjustment)2 }, "RateAdjustment", "2"),
                ],
            },
            ("no decay", new MuonOptions { WeightDecay = 0, Nesterov = false, Momentum = 0.5 }),
            ("as AdamW", new MuonOptions { RateAdjustment = RateAdjustment.MatchRmsAdamW, NewtonSchulzSteps = 3, Epsilon = 20 })),
        Row(new ProdigyOptions(), (n, o, t) => new Prodigy(n, o, t),
            new()
            {
                Oracle = Oracles.Prodigy,
                StartSize = o => o.InitialD,
                RoundingsAnUpdate = 1,
                RestsWithoutGradient = o => o.DecoupledWeightDecay,
                IgnoresGradientScale = _ => true,
                Refused = [(new() { GrowthRate = 0.5 }, "GrowthRate", "0.5")],
            },
            ("corrected", new ProdigyOptions { InitialD = 1e-3, BiasCorrection = true, WeightDecay = 0.1 }),
            ("coupled", new ProdigyOptions
            {
                LearningRate = 0.3, InitialD = 1e-3, WeightDecay = 0.1, DecoupledWeightDecay = false, GrowthRate = 1.1, SafeguardWarmup = true,
            })),
        Row(new AdaDeltaOptions(), (n, o, t) => new AdaDelta(n, o, t),
            new() { Oracle = Oracles.AdaDelta },
            ("decay", new AdaDeltaOptions { Rho = 0.95, WeightDecay = 0.1, Epsilon = 1e-4 }),
            ("maximize", new AdaDeltaOptions { LearningRate = 0.3, Maximize = true })),
        Row(new AdamaxOptions(), (n, o, t) => new Adamax(n, o, t),
            new() { Oracle = Oracles.Adamax, IgnoresGradientScale = _ => true },
            ("decay", new AdamaxOptions { WeightDecay = 0.1, Beta2 = 0.8 }),
            ("maximize", new AdamaxOptions { Beta1 = 0, Maximize = true })),
        Row(new NAdamOptions(), (n, o, t) => new NAdam(n, o, t),
            new() { Oracle = Oracles.NAdam, IgnoresGradientScale = _ => true },
            ("decoupled", new NAdamOptions { WeightDecay = 0.1, DecoupledWeightDecay = true }),
            ("coupled", new NAdamOptions { WeightDecay = 0.1, MomentumDecay = 0.5, Maximize = true })),
        Row(new RpropOptions(), (n, o, t) => new Rprop(n, o, t),
            new()
            {
                Oracle = Oracles.Rprop,
                RoundingsAnUpdate = 2,
                IgnoresGradientScale = _ => true,
                Refused =
                [
                    (new() { EtaPlus = 0.9 }, "EtaPlus", "0.9"),
                    (new() { MinimumStep = 0.5, MaximumStep = 0.25 }, "MaximumStep", "0.25"),
                ],
            },
            ("range", new RpropOptions { EtaMinus = 0.3, EtaPlus = 1.5, MinimumStep = 0.0041, MaximumStep = 0.02, Maximize = true })),
        Row(new AsgdOptions(), (n, o, t) => new Asgd(n, o, t),
            new()
            {
                Oracle = Oracles.Asgd,
                MovesWithoutGradient = o => o.Lambda > 0,
                Refused = [(new() { AveragingStart = -1 }, "AveragingStart", "-1")],
            },
            ("averaging", new AsgdOptions { Lambda = 0.05, Alpha = 1.5, AveragingStart = 2, WeightDecay = 0.1 }),
            ("no falling", new AsgdOptions { Lambda = 0, AveragingStart = 0, Maximize = true })),
        Row(new AdaBeliefOptions(), (n, o, t) => new AdaBelief(n, o, t),
            new() { Oracle = Oracles.AdaBelief, IgnoresGradientScale = _ => true },
            ("decoupled", new AdaBeliefOptions { WeightDecay = 0.1, DecoupledWeightDecay = true, Epsilon = 1e-3 }),
            ("coupled", new AdaBeliefOptions { WeightDecay = 0.1, EpsilonRoot = 1e-6 })),
        Row(new YogiOptions(), (n, o, t) => new Yogi(n, o, t),
            new()
            {
                Oracle = Oracles.Yogi,
                IgnoresGradientScale = o => o.InitialAccumulator == 0,
                MovesWithoutGradient = o => o.InitialAccumulator > 0,
            },
            ("from zero", new YogiOptions { InitialAccumulator = 0, LearningRate = 0.001 }),
            ("decay", new YogiOptions { WeightDecay = 0.1, Beta2 = 0.9 })),
        Row(new AdanOptions(), (n, o, t) => new Adan(n, o, t),
            new() { Oracle = Oracles.Adan, IgnoresGradientScale = _ => true },
            ("decay", new AdanOptions { WeightDecay = 0.1 }),
            ("decoupled", new AdanOptions { WeightDecay = 0.1, DecoupledWeightDecay = true, EpsilonRoot = 1e-3 })),
        Row(new AdEmaMixOptions(), (n, o, t) => new AdEmaMix(n, o, t),
            new()
            {
                Oracle = Oracles.AdEmaMix,
                IgnoresGradientScale = _ => true,
                Refused =
                [
                    (new() { WarmupSteps = -1 }, "WarmupSteps", "-1"),
                    (new() { WarmupSteps = 5, Beta3 = 0 }, "Beta3", "0"),
                ],
            },
            ("warmup", new AdEmaMixOptions { WarmupSteps = 30, WeightDecay = 0.1 }),
            ("warmup from zero", new AdEmaMixOptions { Beta1 = 0, Beta3 = 0.99, WarmupSteps = 80 })),
        Row(new AdoptOptions(), (n, o, t) => new Adopt(n, o, t),
            new()
            {
                Oracle = Oracles.Adopt,
                RoundingsAnUpdate = 1,
                IgnoresGradientScale = _ => true,
            },
            ("no clipping", new AdoptOptions { Clipping = false, Beta2 = 0.99 }),
            ("decay", new AdoptOptions { WeightDecay = 0.1, Epsilon = 0.1 })),
        Row(new SignSgdOptions(), (n, o, t) => new SignSgd(n, o, t),
            new()
            {
                Oracle = Oracles.SignSgd,
                IgnoresGradientScale = _ => true,
                MovesByTheRate = _ => true,
            },
            ("decay", new SignSgdOptions { WeightDecay = 0.1 })),
        Row(new SignumOptions(), (n, o, t) => new Signum(n, o, t),
            new()
            {
                Oracle = Oracles.Signum,
                IgnoresGradientScale = _ => true,
                MovesByTheRate = _ => true,
            },
            ("decay", new SignumOptions { WeightDecay = 0.1, Momentum = 0.3 })),
        Row(new FtrlOptions(), (n, o, t) => new Ftrl(n, o, t),
            new()
            {
                Oracle = Oracles.Ftrl,
                WorksParametersOutAnew = true,
                WithoutEpsilon = o => o with { InitialAccumulator = 0, Beta = 0, L2 = 0 },
                IgnoresGradientScale = o => o is { L1: 0, LearningRatePower: -0.5 },
                MovesWithoutGradient = _ => true,
            },
            ("regularized", new FtrlOptions { LearningRate = 0.1, Beta = 1, L1 = 0.5, L2 = 0.3, InitialAccumulator = 0 }),
            ("power", new FtrlOptions { LearningRate = 0.1, LearningRatePower = -0.7, L1 = 0.01 })),
        Row(new SophiaOptions(), (n, o, t) => new Sophia(n, o, t),
            new()
            {
                Oracle = Oracles.Sophia,
                IgnoresGradientScale = _ => true,
                MovesByTheRate = o => o.Epsilon < 1,
                Refused = [(new() { HessianInterval = 0 }, "HessianInterval", "0")],
            },
            ("no decay", new SophiaOptions { WeightDecay = 0 }),
            ("large floor", new SophiaOptions { Epsilon = 10, Beta1 = 0.9, WeightDecay = 0 })),
        Row(new ScheduleFreeSgdOptions(), (n, o, t) => new ScheduleFreeSgd(n, o, t),
            new()
            {
                Oracle = Oracles.ScheduleFreeSgd,
                Refused = [(new() { WarmupSteps = -1 }, "WarmupSteps", "-1")],
            },
            ("warmup", new ScheduleFreeSgdOptions { LearningRate = 0.1, WarmupSteps = 8, R = 1, WeightDecay = 0.1 })),
        Row(new ScheduleFreeAdamWOptions(), (n, o, t) => new ScheduleFreeAdamW(n, o, t),
            new() { Oracle = Oracles.ScheduleFreeAdamW, IgnoresGradientScale = _ => true },
            ("warmup", new ScheduleFreeAdamWOptions { WarmupSteps = 8, WeightDecay = 0.1, WeightLrPower = 1.5 })),
    ];

    public static IReadOnlyDictionary<string, Type> Schedules { get; } = new[]
    {
        typeof(Constant), typeof(StepDecay), typeof(MultiStep), typeof(Exponential), typeof(ExponentialDecay),
        typeof(InverseTime), typeof(Linear), typeof(Polynomial), typeof(Cosine), typeof(CosineRestarts),
        typeof(WarmupCosine), typeof(WarmupLinear), typeof(WarmupConstant), typeof(InverseSquareRoot), typeof(Noam),
        typeof(WarmupStableDecay), typeof(OneCycle), typeof(Cyclic), typeof(PiecewiseConstant), typeof(Sequence),
        typeof(Tanh), typeof(SwaAnneal), typeof(ReduceOnPlateau),
    }.ToDictionary(type => type.Name);

    /// <summary>Whether tests of the engine run on every variant. The environment variable <c>OPTIMIZERS_FULL=1</c> requests it.</summary>
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("OPTIMIZERS_FULL") == "1";

    /// <summary>For [MemberData]: every optimizer.</summary>
    public static TheoryData<string> Rows() => [.. Optimizers.Select(row => row.Type.Name)];

    /// <summary>For [MemberData]: every optimizer with every variant of its options.</summary>
    public static TheoryData<string> Variants() => [.. All().Select(variant => variant.Name)];

    /// <summary>For [MemberData]: the variants to which a test applies. An empty table makes the theory fail.</summary>
    public static TheoryData<string> VariantsWhere(Func<OptimizerVariant, bool> condition) =>
        [.. All().Where(condition).Select(variant => variant.Name)];

    /// <summary>
    /// For [MemberData]: the variants on which a test of the engine runs. There is one for each kind of step and number of slots, and
    /// one for each kind of step and work around its rule. If <see cref="IsFull"/>, there are all.
    /// </summary>
    public static TheoryData<string> Representatives() => VariantsWhere(IsRepresentative);

    /// <summary>Whether a test of the engine runs on a variant.</summary>
    public static bool IsRepresentative(OptimizerVariant variant) => IsFull || _representatives.Value.Contains(variant.Name);

    /// <summary>For [MemberData]: the representatives with every format of state but float32.</summary>
    public static TheoryData<string, StateFormat> Formats() => FormatsWhere(_ => true);

    /// <summary>For [MemberData]: some representatives with every format of state but float32.</summary>
    public static TheoryData<string, StateFormat> FormatsWhere(Func<OptimizerVariant, bool> condition)
    {
        var data = new TheoryData<string, StateFormat>();
        foreach (OptimizerVariant variant in All().Where(IsRepresentative).Where(condition))
        {
            foreach (StateFormat format in Enum.GetValues<StateFormat>().Where(format => format != StateFormat.Float32))
            {
                data.Add(variant.Name, format);
            }
        }

        return data;
    }

    public static OptimizerRow Row(string name) => Optimizers.Single(row => row.Type.Name == name);

    /// <summary>The shape that tests use for a tensor of some length; one dimension for an optimizer that is not in the catalogue.</summary>
    public static int[] ShapeFor(IOptimizerOptions options, int length) =>
        Optimizers.SingleOrDefault(row => row.Defaults.GetType() == options.GetType())?.ShapeOf(options, length) ?? [length];

    /// <summary>
    /// The groups of a model with any shapes. An optimizer that takes only matrices gets a second group with AdamW for the other shapes.
    /// </summary>
    public static ParameterGroup[] GroupsOf(IOptimizerOptions options) => options is MuonOptions
        ? [new(options) { Where = parameter => parameter.Shape.Count == 2 }, new(new AdamWOptions())]
        : [new(options)];

    public static OptimizerVariant Variant(string name) => All().Single(variant => variant.Name == name);

    // The properties of a step that select its passes.
    private static string StepOf(OptimizerVariant variant)
    {
        GroupStep step = GroupStep.Of(variant.Options);
        bool isCautious = variant.Options.Cautious;
        return $"{step.GetType().Name} {isCautious} {step.MeasuringChangesState} {step.Definition.SharesScalars} {step.HasScalars} {step.Matrices?.GetType()}";
    }

    // The properties that select the work of the loop around the rule.
    private static string TransformsOf(OptimizerVariant variant)
    {
        GroupStep step = GroupStep.Of(variant.Options);
        step.Begin(variant.Options.LearningRate, variant.Options.WeightDecay, zeroGradients: false);
        (_, WeightDecay decay, _, _) = step.Transforms;
        return $"{decay.Coupled != 0} {decay.Factor != 1} {step.Transforms.Gradient.Scale}";
    }

    private static bool SumsOverTensor(OptimizerDefinition definition) => definition.Measures || definition.Matrices is not null;

    // A sum that is taken before the state changes, or that changes a scalar of the state, affects the state of all elements.
    private static bool SumsIntoState(IOptimizerOptions options)
    {
        OptimizerDefinition definition = options.Define();
        return SumsOverTensor(definition) && (definition.Scalars.Count > 0 || !definition.NewStep(options).MeasuringChangesState);
    }

    private static IEnumerable<OptimizerVariant> All() => Optimizers.SelectMany(row => row.Variants);

    /// <summary>A shape with this number of elements, as square as possible.</summary>
    public static int[] Matrix(int length)
    {
        int rows = (int)Math.Sqrt(length);
        while (rows > 1 && length % rows != 0)
        {
            rows--;
        }

        return length == 0 ? [0, 3] : [rows, length / rows];
    }

    private static OptimizerRow Row<TOptimizer, TOptions>(
        TOptions defaults,
        Func<int, TOptions, int, TOptimizer> make,
        OptimizerTraits<TOptions> traits,
        params (string Name, TOptions Options)[] variants)
        where TOptimizer : IOptimizer
        where TOptions : IOptimizerOptions =>
        Row(
            defaults,
            (IReadOnlyList<int> shape, TOptions options, int threads) =>
                make(shape.Aggregate(1, (product, length) => product * length), options, threads),
            traits,
            variants);

    private static OptimizerRow Row<TOptimizer, TOptions>(
        TOptions defaults,
        Func<IReadOnlyList<int>, TOptions, int, TOptimizer> make,
        OptimizerTraits<TOptions> traits,
        params (string Name, TOptions Options)[] variants)
        where TOptimizer : IOptimizer
        where TOptions : IOptimizerOptions
    {
        IOptimizer Make(IReadOnlyList<int> shape, IOptimizerOptions options, int threads) =>
            make(shape, (TOptions)options, threads);
        int[] Shape(IOptimizerOptions options, int length) => traits.Shape((TOptions)options, length);
        TOptions? cautious = Cautious.Of(defaults);
        OptimizerVariant Variant(string name, TOptions options) => new(
            name,
            options,
            Make,
            Shape,
            () => options.Cautious ? Cautious.Oracle(options, traits.Oracle) : traits.Oracle(options),
            traits.WithoutEpsilon is { } without ? without(options) : OptionNumbers.WithoutEpsilon(options),
            SumsOverTensor(options.Define()) || options.Cautious,
            SumsIntoState(options),
            options.Define().SharesScalars,
            traits.MixesElements,
            traits.RoundingsOfTheLargestMove,
            traits.StartSize(options),
            traits.RestsWithoutGradient(options),
            traits.IgnoresGradientScale(options),
            traits.MovesWithoutGradient(options) && !options.Cautious,
            traits.MovesByTheRate(options) && !options.Cautious,
            traits.RoundingsAnUpdate,
            traits.WorksParametersOutAnew);
        return new OptimizerRow(
            typeof(TOptimizer),
            defaults,
            Make,
            Shape,
            defaults.Define().SharesScalars,
            [.. traits.Refused.Select(refused => ((IOptimizerOptions)refused.Options, refused.Name, refused.Value))],
            [
                Variant(typeof(TOptimizer).Name, defaults),
                .. variants.Select(v => Variant($"{typeof(TOptimizer).Name}, {v.Name}", v.Options)),
                .. cautious is null ? [] : new[] { Variant($"{typeof(TOptimizer).Name}, cautious", cautious) },
            ]);
    }
}

/// <summary>The special properties of an optimizer, as data for the shared tests.</summary>
public sealed record OptimizerTraits<TOptions>
    where TOptions : IOptimizerOptions
{
    /// <summary>The slow and simple loop in double with which the fast one is compared.</summary>
    public required Func<TOptions, OracleStep> Oracle { get; init; }

    /// <summary>Whether the update of an element depends on the gradients of all other elements of its tensor, and on their places.</summary>
    public bool MixesElements { get; init; }

    /// <summary>The number of roundings of the largest move of a tensor by which each element may be off.</summary>
    public double RoundingsOfTheLargestMove { get; init; }

    /// <summary>The magnitude of parameters at which moves are visible.</summary>
    public Func<TOptions, double> StartSize { get; init; } = o => o.LearningRate;

    /// <summary>The shape that tests use for a tensor of some length.</summary>
    public Func<TOptions, int, int[]> Shape { get; init; } = (_, length) => [length];

    /// <summary>The same options with ε = 0, if this needs more than a 0 in every option that is named Epsilon.</summary>
    public Func<TOptions, TOptions>? WithoutEpsilon { get; init; }

    /// <summary>Whether gradients multiplied by one factor give the same updates if ε and the decay are 0.</summary>
    public Predicate<TOptions> IgnoresGradientScale { get; init; } = _ => false;

    /// <summary>Whether an element that has never had a gradient moves without decay.</summary>
    public Predicate<TOptions> MovesWithoutGradient { get; init; } = _ => false;

    /// <summary>Whether a decay has no effect as long as all gradients are 0.</summary>
    public Predicate<TOptions> RestsWithoutGradient { get; init; } = _ => false;

    /// <summary>Whether every element moves by exactly the rate if there is no decay.</summary>
    public Predicate<TOptions> MovesByTheRate { get; init; } = _ => false;

    /// <summary>
    /// The roundings that a move inherits from each earlier update, if it is in proportion to a product with a factor for
    /// each update: an average that starts with a full gradient, or a growing step size.
    /// </summary>
    public double RoundingsAnUpdate { get; init; }

    /// <summary>Whether an update computes the whole parameter from state instead of adding a move.</summary>
    public bool WorksParametersOutAnew { get; init; }

    /// <summary>Options that are valid alone but not together, with the name and the value in the message.</summary>
    public IReadOnlyList<(TOptions Options, string Name, string Value)> Refused { get; init; } = [];
}

/// <summary>One optimizer: its type, its default options, its constructor, and the options that it refuses.</summary>
public sealed record OptimizerRow(
    Type Type,
    IOptimizerOptions Defaults,
    Func<IReadOnlyList<int>, IOptimizerOptions, int, IOptimizer> MakeShaped,
    Func<IOptimizerOptions, int, int[]> ShapeOf,
    bool SumsOverGroup,
    IReadOnlyList<(IOptimizerOptions Options, string Name, string Value)> Refused,
    IReadOnlyList<OptimizerVariant> Variants)
{
    /// <summary>The options that have an upper bound. The tests require 1, also after rounding to float.</summary>
    public IReadOnlyList<string> BelowOne { get; } = OptionNumbers.Where(Defaults, accepted: 0.5, refused: 1e6);

    /// <summary>The options that must not be 0.</summary>
    public IReadOnlyList<string> NotZero { get; } = OptionNumbers.Where(Defaults, accepted: null, refused: 0);

    /// <summary>The options that must be at most 0; all others must be at least 0.</summary>
    public IReadOnlyList<string> AtMostZero { get; } = OptionNumbers.Where(Defaults, accepted: -0.5, refused: 0.5);

    /// <summary>Whether the constructor takes a shape.</summary>
    public bool HasPlaces => Variants[0].HasPlaces;

    public IOptimizer Make(int length, IOptimizerOptions? options, int threads) =>
        MakeShaped(length < 0 ? [length] : ShapeOf(options ?? Defaults, length), options!, threads);
}

/// <summary>One optimizer with one choice of options; the rest as in <see cref="OptimizerTraits{TOptions}"/>.</summary>
public sealed record OptimizerVariant(
    string Name,
    IOptimizerOptions Options,
    Func<IReadOnlyList<int>, IOptimizerOptions, int, IOptimizer> MakeShaped,
    Func<IOptimizerOptions, int, int[]> ShapeOf,
    Func<OracleStep> Oracle,
    IOptimizerOptions? WithoutEpsilon,
    bool SumsOverTensor,
    bool SumsIntoState,
    bool SumsOverGroup,
    bool MixesElements,
    double RoundingsOfTheLargestMove,
    double StartSize,
    bool RestsWithoutGradient,
    bool IgnoresGradientScale,
    bool MovesWithoutGradient,
    bool MovesByTheRate,
    double RoundingsAnUpdate,
    bool WorksParametersOutAnew)
{
    /// <summary>Whether the update of an element depends on its place.</summary>
    public bool HasPlaces => Shape(9).Length > 1;

    public override string ToString() => Name;

    /// <summary>The shape that tests use for a tensor of some length.</summary>
    public int[] Shape(int length) => ShapeOf(Options, length);

    public IOptimizer Make(int length, IOptimizerOptions options, int threads) =>
        MakeShaped(ShapeOf(options, length), options, threads);
}
