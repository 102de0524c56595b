namespace Optimizers;

/// <summary>The options of <see cref="Prodigy"/>.</summary>
public sealed record ProdigyOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 1, as in the authors’ code: a factor on the rate that the optimizer finds.</remarks>
    public double LearningRate { get; init; } = 1;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in the paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the second moment. At least 0, below 1; default 0.999, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>
    /// The decay rate β₃ of the sums from which d is computed. At least 0, below 1; default null, which means √β₂, as in the
    /// paper.
    /// </summary>
    public double? Beta3 { get; init; }

    /// <summary>ε, multiplied by d. Finite, at least 0; default 1e-8, as in the paper.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in the authors’ code; decoupled unless <see cref="DecoupledWeightDecay"/> is false.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    /// <summary>Whether the decay shrinks the parameter; if false, it is added to the gradient. Default true, as in the
    /// authors’ code.</summary>
    public bool DecoupledWeightDecay { get; init; } = true;

    /// <summary>
    /// The initial estimate d₀ of the distance d; choose it too small rather than too large. Finite, above 0; default 1e-6, as
    /// in the paper.
    /// </summary>
    public double InitialD { get; init; } = 1e-6;

    /// <summary>A factor on the estimates of d. Finite, at least 0; default 1, as in the paper.</summary>
    public double DCoefficient { get; init; } = 1;

    /// <summary>The largest factor by which d grows in one update. At least 1; default null, which means no limit.</summary>
    public double? GrowthRate { get; init; }

    /// <summary>Whether the rate has Adam's bias correction. Default false, as in the authors’ code.</summary>
    public bool BiasCorrection { get; init; }

    /// <summary>Whether the estimates of d ignore the warmup of a schedule. Default false, as in the authors’ code.</summary>
    public bool SafeguardWarmup { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecoupledWeightDecay ? DecayForm.InRule : DecayForm.Coupled;

    // All tensors use the corrections of the group's update count, and the group keeps no product of β₁.
    double? IOptimizerOptions.SchedulableMomentum => BiasCorrection ? null : Beta1;

    // This limit is below the default, because the rule computes d²g² and d²/InitialD·g.
    double IOptimizerOptions.SafeMagnitude => 1e8;

    void IOptimizerOptions.Validate()
    {
        AdamFormula.Validate(Beta1, Beta2, Epsilon);
        Require.Beta(Beta3 ?? 0, nameof(Beta3));
        Require.Positive(InitialD);
        Require.Positive(DCoefficient);
        Require.AtLeast(GrowthRate ?? 1, 1.0, nameof(GrowthRate));
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Measuring(
        (step, scalars) => new ProdigyRule(step, scalars, this),
        [new StateScalar("d", InitialD), new StateScalar("d_max", InitialD), new StateScalar("d_numerator"), new StateScalar("k")],
        new StateSlot("exp_avg"),
        new StateSlot("exp_avg_sq") { NonNegative = true },
        new StateSlot("s"),
        new StateSlot("p0") { FullPrecision = true });

    internal static NamedType Named { get; } = new NamedOptimizer<ProdigyOptions>(nameof(Prodigy), new ProdigyContract(), (n, o, t) => new Prodigy(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(ProdigyOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ProdigyContract : JsonSerializerContext;

/// <summary>Prodigy: Adam that finds its own rate from the distance of the parameters to their start.</summary>
/// <remarks>
/// <para>Mishchenko &amp; Defazio 2024, arXiv 2306.06101, algorithm 4, as in the authors' code.</para>
/// <code>
/// D = d·η, with BiasCorrection times √(1 − β₂ᵏ)/(1 − β₁ᵏ)
/// N ← β₃N + (d/d₀)·D·Σg·(p₀ − p), s ← β₃s + (d/d₀)·D·g           SafeguardWarmup: d replaces D in s
/// m ← β₁m + d(1 − β₁)g, v ← β₂v + d²(1 − β₂)g²
/// d̂ = DCoefficient·N/Σ|s|; if d = d₀: d ← max(d, d̂); d_max ← max(d_max, d̂); d ← min(d_max, d·GrowthRate)
/// p ← p·(1 − λD) − D·m/(√v + dε)                                   D as above, with the old d; d is the new one
/// </code>
/// <para>The sums are over all tensors of a group that take part in the step, so the group has one d. A single tensor
/// counts as a group. Before the first nonzero gradient nothing changes, and k, the update count of the group, stays at 0.
/// At a rate of 0 the moments change, but d does not change. The sums are in double. A quotient 0/0 gives no update.</para>
/// <para>State: 16 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_sq</c>, <c>s</c>, and <c>p0</c>, always in float32), and the
/// scalars <c>d</c>, <c>d_max</c>, <c>d_numerator</c> and <c>k</c>, which the whole group shares. With zero gradients the moments
/// decay. A NaN or an infinity reaches d, and through d the whole group, permanently.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Prodigy(int length, ProdigyOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new ProdigyOptions(), threads, stateFormat);

/// <summary>Updates m, v and s, and measures g·(p₀ − p) and |s|; then p ← p·(1 − λD) − D·m/(√v + dε)</summary>
internal readonly struct ProdigyRule : IMeasuringRule4<ProdigyRule>
{
    private const int D = 0;
    private const int LargestD = 1;
    private const int Numerator = 2;
    private const int Updates = 3;

    private readonly ProdigyOptions _options;
    private readonly bool _first;
    private readonly float _beta1;
    private readonly float _beta2;
    private readonly float _beta3;
    private readonly float _gain1;
    private readonly float _gain2;
    private readonly float _gain3;
    private readonly double _keep;
    private readonly double _weight;
    private readonly double _rate;
    private readonly float _factor;

    public ProdigyRule(StepScalars step, ReadOnlySpan<double> scalars, ProdigyOptions options)
    {
        double d = scalars[D];
        double beta1 = step.MomentumOr(options.Beta1);
        ulong updates = (ulong)scalars[Updates] + 1;
        double correction = options.BiasCorrection
            ? Math.Sqrt(1 - Powers.Of(options.Beta2, updates)) / (1 - Powers.Of(beta1, updates))
            : 1;
        _options = options;
        _first = step.Iteration == 1;
        _rate = d * step.LearningRate * correction;
        _factor = (float)WeightDecayException.FactorOf(
            _rate, options.DecoupledWeightDecay ? step.WeightDecay : 0, rateName: "learning rate with its factor d");
        _keep = options.Beta3 ?? Math.Sqrt(options.Beta2);
        _weight = d / options.InitialD * _rate;
        _beta1 = (float)beta1;
        _beta2 = (float)options.Beta2;
        _beta3 = (float)_keep;
        _gain1 = (float)(d * (1 - beta1));
        _gain2 = (float)(d * d * (1 - options.Beta2));
        _gain3 = (float)(options.SafeguardWarmup ? d / options.InitialD * d : _weight);
    }

    public static bool MeasuringChangesState => true;

    public static bool SumsSquares => false;

    public static bool IsOfGroup => true;

    public static double MagnitudeOf(ReadOnlySpan<double> scalars) => scalars[D];

    private float StepSize { get; init; }

    private float Factor { get; init; }

    private float Epsilon { get; init; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Measure<V>(V g, V p, ref V m, ref V v, ref V s, ref V start, out V first, out V second)
        where V : struct, ILane<V>
    {
        start = _first ? p : start;
        m = _beta1 * m + _gain1 * g;
        v = _beta2 * v + _gain2 * g * g;
        s = _beta3 * s + _gain3 * g;
        first = g * (start - p);
        second = V.Abs(s);
    }

    public ProdigyRule WithSums(in MeasuredSums sums, Span<double> scalars)
    {
        if (sums.Second == 0)
        {
            return this with { StepSize = 0, Factor = 1, Epsilon = 0 };
        }

        double numerator = (_keep * scalars[Numerator]) + (_weight * sums.First);
        double d = scalars[D];
        if (_rate > 0)
        {
            double estimate = _options.DCoefficient * numerator / sums.Second;
            d = d == _options.InitialD ? Math.Max(d, estimate) : d;
            scalars[LargestD] = Math.Max(scalars[LargestD], estimate);
            d = Math.Min(scalars[LargestD], d * (_options.GrowthRate ?? double.PositiveInfinity));
        }

        scalars[Numerator] = numerator;
        scalars[D] = d;
        scalars[Updates]++;
        return this with
        {
            StepSize = (float)_rate,
            Factor = _factor,
            Epsilon = (float)(d * _options.Epsilon),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Kept<V>(in ProdigyRule rule, V p)
        where V : struct, ILane<V> =>
        rule.Factor * p;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Step<V>(V g, V p, ref V m, ref V v, ref V s, ref V start)
        where V : struct, ILane<V> =>
        StepSize * V.DivideOrZero(m, V.Sqrt(v) + Epsilon);
}
