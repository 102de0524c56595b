using Optimizers.Schedules;

namespace Optimizers.Tests;

/// <summary>
/// The table of all optimizers: every shared test runs on each row, and a new optimizer is one row more. A row has the
/// optimizer with its defaults, and the variants of its options that take another path through its code.
/// </summary>
public static class Catalogue
{
    public static IReadOnlyList<OptimizerRow> Optimizers { get; } =
    [
        Row(new SgdOptions(), (n, o, t) => new Sgd(n, o, t),
            ("decay", new SgdOptions { WeightDecay = 0.1 }),
            ("maximize", new SgdOptions { WeightDecay = 0.1, Maximize = true })),
        Row(new MomentumOptions(), (n, o, t) => new Momentum(n, o, t),
            ("dampening", new MomentumOptions { Momentum = 0.8, Dampening = 0.3, WeightDecay = 0.1 }),
            ("averaged", new MomentumOptions { Averaged = true, Maximize = true }),
            ("low", new MomentumOptions { Momentum = 0.3 })),
        Row(new NesterovOptions(), (n, o, t) => new Nesterov(n, o, t),
            ("decay", new NesterovOptions { Momentum = 0.7, WeightDecay = 0.1, Maximize = true })),
        Row(new AdaGradOptions(), (n, o, t) => new AdaGrad(n, o, t),
            ("options", new AdaGradOptions { LearningRateDecay = 0.1, InitialAccumulator = 0.5, WeightDecay = 0.1, Epsilon = 0.01 })),
        Row(new RmsPropOptions(), (n, o, t) => new RmsProp(n, o, t),
            ("centered", new RmsPropOptions { Centered = true, WeightDecay = 0.1 }),
            ("momentum", new RmsPropOptions { Momentum = 0.9 }),
            ("centered momentum", new RmsPropOptions { Momentum = 0.5, Centered = true, Maximize = true }),
            ("epsilon inside", new RmsPropOptions { EpsilonInsideSquareRoot = true, Epsilon = 1e-4 })),
        Row(new AdamOptions(), (n, o, t) => new Adam(n, o, t),
            ("amsgrad", new AdamOptions { AmsGrad = true, WeightDecay = 0.1 }),
            ("maximize", new AdamOptions { Maximize = true })),
        Row(new AdamWOptions(), (n, o, t) => new AdamW(n, o, t),
            ("no decay", new AdamWOptions { WeightDecay = 0 }),
            ("amsgrad", new AdamWOptions { AmsGrad = true, Maximize = true })),
        Row(new RAdamOptions(), (n, o, t) => new RAdam(n, o, t),
            ("decoupled", new RAdamOptions { WeightDecay = 0.1, DecoupledWeightDecay = true }),
            ("coupled", new RAdamOptions { WeightDecay = 0.1, Beta2 = 0.95 })),
        Row(new LionOptions(), (n, o, t) => new Lion(n, o, t),
            ("decay", new LionOptions { WeightDecay = 0.1, Beta1 = 0.95, Beta2 = 0.98 })),
        Row(new LambOptions(), (n, o, t) => new Lamb(n, o, t),
            ("decay", new LambOptions { WeightDecay = 0.1 })),
    ];

    public static IReadOnlyDictionary<string, Type> Schedules { get; } = new[]
    {
        typeof(Constant), typeof(StepDecay), typeof(Cosine), typeof(WarmupCosine),
    }.ToDictionary(type => type.Name);

    /// <summary>For [MemberData]: every optimizer with every variant of its options.</summary>
    public static TheoryData<string> Variants() => [.. All().Select(variant => variant.Name)];

    public static OptimizerVariant Variant(string name) => All().Single(variant => variant.Name == name);

    private static IEnumerable<OptimizerVariant> All() => Optimizers.SelectMany(row => row.Variants);

    private static OptimizerRow Row<TOptimizer, TOptions>(
        TOptions defaults,
        Func<int, TOptions, int, TOptimizer> make,
        params (string Name, TOptions Options)[] variants)
        where TOptimizer : IOptimizer
        where TOptions : IOptimizerOptions
    {
        IOptimizer Make(int length, IOptimizerOptions options, int threads) => make(length, (TOptions)options, threads);
        return new OptimizerRow(
            typeof(TOptimizer),
            defaults,
            Make,
            [
                new OptimizerVariant(typeof(TOptimizer).Name, defaults, Make),
                .. variants.Select(v => new OptimizerVariant($"{typeof(TOptimizer).Name}, {v.Name}", v.Options, Make)),
            ]);
    }
}

/// <summary>One optimizer: its type, its default options, and how to make one.</summary>
public sealed record OptimizerRow(
    Type Type,
    IOptimizerOptions Defaults,
    Func<int, IOptimizerOptions, int, IOptimizer> Make,
    IReadOnlyList<OptimizerVariant> Variants);

/// <summary>One optimizer with one choice of options.</summary>
public sealed record OptimizerVariant(
    string Name, IOptimizerOptions Options, Func<int, IOptimizerOptions, int, IOptimizer> Make)
{
    public override string ToString() => Name;
}
