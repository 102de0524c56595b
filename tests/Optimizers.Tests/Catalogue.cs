using Optimizers.Schedules;

namespace Optimizers.Tests;

/// <summary>
/// The table of all optimizers: every shared test runs on each row, and a new optimizer is one row more. A row has the
/// optimizer with its defaults, its slow twin in double and whatever else is particular to it, and the variants of its
/// options that take another path through its code.
/// </summary>
public static class Catalogue
{
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
            new()
            {
                Oracle = Oracles.AdaGrad,
                WithoutEpsilon = o => o with { Epsilon = 0 },
                IgnoresGradientScale = o => o.InitialAccumulator == 0,
            },
            ("options", new AdaGradOptions { LearningRateDecay = 0.1, InitialAccumulator = 0.5, WeightDecay = 0.1, Epsilon = 0.01 })),
        Row(new RmsPropOptions(), (n, o, t) => new RmsProp(n, o, t),
            new()
            {
                Oracle = Oracles.RmsProp,
                WithoutEpsilon = o => o with { Epsilon = 0 },
                IgnoresGradientScale = _ => true,
                BelowOne = [nameof(RmsPropOptions.Rho)],
            },
            ("centered", new RmsPropOptions { Centered = true, WeightDecay = 0.1 }),
            ("momentum", new RmsPropOptions { Momentum = 0.9 }),
            ("centered momentum", new RmsPropOptions { Momentum = 0.5, Centered = true, Maximize = true }),
            ("epsilon inside", new RmsPropOptions { EpsilonInsideSquareRoot = true, Epsilon = 1e-4 })),
        Row(new AdamOptions(), (n, o, t) => new Adam(n, o, t),
            new()
            {
                Oracle = Oracles.Adam,
                WithoutEpsilon = o => o with { Epsilon = 0 },
                IgnoresGradientScale = _ => true,
                BelowOne = [nameof(AdamOptions.Beta1), nameof(AdamOptions.Beta2)],
            },
            ("amsgrad", new AdamOptions { AmsGrad = true, WeightDecay = 0.1 }),
            ("maximize", new AdamOptions { Maximize = true })),
        Row(new AdamWOptions(), (n, o, t) => new AdamW(n, o, t),
            new()
            {
                Oracle = Oracles.AdamW,
                WithoutEpsilon = o => o with { Epsilon = 0 },
                IgnoresGradientScale = _ => true,
                BelowOne = [nameof(AdamWOptions.Beta1), nameof(AdamWOptions.Beta2)],
            },
            ("no decay", new AdamWOptions { WeightDecay = 0 }),
            ("amsgrad", new AdamWOptions { AmsGrad = true, Maximize = true })),
        Row(new RAdamOptions(), (n, o, t) => new RAdam(n, o, t),
            new()
            {
                Oracle = Oracles.RAdam,
                WithoutEpsilon = o => o with { Epsilon = 0 },
                BelowOne = [nameof(RAdamOptions.Beta1), nameof(RAdamOptions.Beta2)],
            },
            ("decoupled", new RAdamOptions { WeightDecay = 0.1, DecoupledWeightDecay = true }),
            ("coupled", new RAdamOptions { WeightDecay = 0.1, Beta2 = 0.95 })),
        Row(new LionOptions(), (n, o, t) => new Lion(n, o, t),
            new()
            {
                Oracle = Oracles.Lion,
                IgnoresGradientScale = _ => true,
                MovesByTheRate = true,
                BelowOne = [nameof(LionOptions.Beta1), nameof(LionOptions.Beta2)],
            },
            ("decay", new LionOptions { WeightDecay = 0.1, Beta1 = 0.95, Beta2 = 0.98 })),
        Row(new LambOptions(), (n, o, t) => new Lamb(n, o, t),
            new()
            {
                Oracle = Oracles.Lamb,
                SumsOverTensor = true,
                WithoutEpsilon = o => o with { Epsilon = 0 },
                IgnoresGradientScale = _ => true,
                BelowOne = [nameof(LambOptions.Beta1), nameof(LambOptions.Beta2)],
            },
            ("decay", new LambOptions { WeightDecay = 0.1 })),
    ];

    public static IReadOnlyDictionary<string, Type> Schedules { get; } = new[]
    {
        typeof(Constant), typeof(StepDecay), typeof(Cosine), typeof(WarmupCosine),
    }.ToDictionary(type => type.Name);

    /// <summary>For [MemberData]: every optimizer.</summary>
    public static TheoryData<string> Rows() => [.. Optimizers.Select(row => row.Type.Name)];

    /// <summary>For [MemberData]: every optimizer with every variant of its options.</summary>
    public static TheoryData<string> Variants() => [.. All().Select(variant => variant.Name)];

    /// <summary>For [MemberData]: every variant with every format of state but float32.</summary>
    public static TheoryData<string, StateFormat> Formats()
    {
        var data = new TheoryData<string, StateFormat>();
        foreach (OptimizerVariant variant in All())
        {
            foreach (StateFormat format in Enum.GetValues<StateFormat>().Where(format => format != StateFormat.Float32))
            {
                data.Add(variant.Name, format);
            }
        }

        return data;
    }

    public static OptimizerRow Row(string name) => Optimizers.Single(row => row.Type.Name == name);

    public static OptimizerVariant Variant(string name) => All().Single(variant => variant.Name == name);

    private static IEnumerable<OptimizerVariant> All() => Optimizers.SelectMany(row => row.Variants);

    private static OptimizerRow Row<TOptimizer, TOptions>(
        TOptions defaults,
        Func<int, TOptions, int, TOptimizer> make,
        OptimizerTraits<TOptions> traits,
        params (string Name, TOptions Options)[] variants)
        where TOptimizer : IOptimizer
        where TOptions : IOptimizerOptions
    {
        IOptimizer Make(int length, IOptimizerOptions options, int threads) => make(length, (TOptions)options, threads);
        OptimizerVariant Variant(string name, TOptions options) => new(
            name,
            options,
            Make,
            () => traits.Oracle(options),
            traits.WithoutEpsilon is { } without ? without(options) : null,
            traits.SumsOverTensor,
            traits.IgnoresGradientScale(options),
            traits.MovesByTheRate);
        return new OptimizerRow(
            typeof(TOptimizer),
            defaults,
            Make,
            traits.BelowOne,
            [.. traits.Refused.Select(refused => ((IOptimizerOptions)refused.Options, refused.Name, refused.Value))],
            [
                Variant(typeof(TOptimizer).Name, defaults),
                .. variants.Select(v => Variant($"{typeof(TOptimizer).Name}, {v.Name}", v.Options)),
            ]);
    }
}

/// <summary>What is particular to an optimizer, as data for the shared tests.</summary>
public sealed record OptimizerTraits<TOptions>
{
    /// <summary>The slow and obvious loop in double that judges the fast one.</summary>
    public required Func<TOptions, OracleStep> Oracle { get; init; }

    /// <summary>Whether an element's update depends on the rest of its tensor, through a norm.</summary>
    public bool SumsOverTensor { get; init; }

    /// <summary>The same options with ε = 0; null where there is no ε.</summary>
    public Func<TOptions, TOptions>? WithoutEpsilon { get; init; }

    /// <summary>Whether gradients multiplied by one factor give the same updates, were ε and the decay 0.</summary>
    public Predicate<TOptions> IgnoresGradientScale { get; init; } = _ => false;

    /// <summary>Whether without decay every element moves by exactly the rate.</summary>
    public bool MovesByTheRate { get; init; }

    /// <summary>The options that must be below 1, also as a float.</summary>
    public IReadOnlyList<string> BelowOne { get; init; } = [];

    /// <summary>Options that are good one by one but not together; the name and the value that the message has.</summary>
    public IReadOnlyList<(TOptions Options, string Name, string Value)> Refused { get; init; } = [];
}

/// <summary>One optimizer: its type, its default options, how to make one, and which options it refuses.</summary>
public sealed record OptimizerRow(
    Type Type,
    IOptimizerOptions Defaults,
    Func<int, IOptimizerOptions, int, IOptimizer> Make,
    IReadOnlyList<string> BelowOne,
    IReadOnlyList<(IOptimizerOptions Options, string Name, string Value)> Refused,
    IReadOnlyList<OptimizerVariant> Variants);

/// <summary>One optimizer with one choice of options; the rest as in <see cref="OptimizerTraits{TOptions}"/>.</summary>
public sealed record OptimizerVariant(
    string Name,
    IOptimizerOptions Options,
    Func<int, IOptimizerOptions, int, IOptimizer> Make,
    Func<OracleStep> Oracle,
    IOptimizerOptions? WithoutEpsilon,
    bool SumsOverTensor,
    bool IgnoresGradientScale,
    bool MovesByTheRate)
{
    public override string ToString() => Name;
}
