namespace Optimizers;

/// <summary>The options of <see cref="ScheduleFreeAdamW"/>.</summary>
public sealed record ScheduleFreeAdamWOptions : IScheduleFreeOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.0025, as in the authors’ code.</remarks>
    public double LearningRate { get; init; } = 0.0025;

    /// <summary>
    /// The weight β₁ of the average x in the point y at which gradients are computed. Above 0, below 1; default 0.9, as in the
    /// paper.
    /// </summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the second moment. At least 0, below 1; default 0.999, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added to the square root after bias correction. Finite, at least 0; default 1e-8, as in the paper.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in the authors’ code; added to the direction d.</remarks>
    public double WeightDecay { get; init; }

    /// <summary>
    /// The number of updates over which the rate grows linearly from 0; 0 for no warmup. At least 0; default 0, as in the
    /// authors’ code.
    /// </summary>
    public long WarmupSteps { get; init; }

    /// <summary>
    /// The exponent of t in w, the weight of update t in the average. Finite, at least 0; default 0, as in the authors’ code.
    /// </summary>
    public double R { get; init; }

    /// <summary>The exponent of the largest rate so far in w. Finite, at least 0; default 2, as in the paper.</summary>
    public double WeightLrPower { get; init; } = 2;

    DecayForm IOptimizerOptions.DecayForm => DecayForm.InRule;

    double IScheduleFreeOptions.Interpolation => Beta1;

    void IOptimizerOptions.Validate()
    {
        AdamFormula.Validate(Beta1, Beta2, Epsilon);
        Require.Positive(Beta1);
        ScheduleFreePoints.Validate(this);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        (step, scalars) =>
        {
            _ = WeightDecayException.FactorOf(step.LearningRate * ScheduleFreeMove.WarmthAt(step.Iteration, this), step.WeightDecay);
            return new ScheduleFreeAdamWRule(step, new(step, scalars, this), this);
        },
        ScheduleFreePoints.Scalars,
        new StateSlot("z") { FullPrecision = true },
        new StateSlot("exp_avg_sq") { NonNegative = true });

    internal static NamedType Named { get; } = new NamedOptimizer<ScheduleFreeAdamWOptions>(nameof(ScheduleFreeAdamW), new ScheduleFreeAdamWContract(), (n, o, t) => new ScheduleFreeAdamW(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(ScheduleFreeAdamWOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ScheduleFreeAdamWContract : JsonSerializerContext;

/// <summary>Schedule-free AdamW: uses a constant rate, and an average of the parameters that replaces both the schedule and
/// the first moment.</summary>
/// <remarks>
/// <para>Defazio et al. 2024, arXiv 2405.15682, algorithm 1.</para>
/// <code>
/// v ← β₂v + (1 − β₂)g²
/// d = g/(√(v/(1 − β₂ᵗ)) + ε) + λy
/// z ← z − ηd                      z = x = y at the start
/// x ← (1 − c)x + cz
/// y ← (1 − β₁)z + β₁x
/// </code>
/// <para>c = w/Σw with the weight w = t^R·(largest η so far)^WeightLrPower, so the first c is 1. As in the authors' code, x is
/// not stored but computed from y and z. Weight decay uses the parameters at y. A quotient 0/0 gives no update. β₁ must be
/// above 0, because x could not be computed otherwise. At rate 0 neither the parameters nor the average change. A step at
/// the evaluation point throws.</para>
/// <para>State: 8 bytes per parameter (<c>z</c>, <c>exp_avg_sq</c>), and the scalars <c>weight_sum</c>, <c>lr_max</c> and
/// <c>evaluating</c> for each tensor. With a zero gradient only decay moves z, and y approaches z. A NaN makes its parameter
/// NaN.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class ScheduleFreeAdamW(
    int length, ScheduleFreeAdamWOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : ScheduleFreeOptimizer(length, options ?? new ScheduleFreeAdamWOptions(), threads, stateFormat);

/// <summary>Computes the direction: the gradient divided by its root mean square, plus the decay.</summary>
internal readonly struct ScheduleFreeAdamWRule(StepScalars step, ScheduleFreeMove move, ScheduleFreeAdamWOptions options)
    : IUpdateRule2<ScheduleFreeAdamWRule>
{
    private readonly ScheduleFreeMove _move = move;
    private readonly AdamMoments _moments = new(options.Beta1, options.Beta2);
    private readonly float _rootScale = (float)(1 / Math.Sqrt(step.BiasCorrection(options.Beta2)));
    private readonly float _epsilon = (float)options.Epsilon;
    private readonly float _weightDecay = (float)step.WeightDecay;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V z, ref V v)
        where V : struct, ILane<V>
    {
        _moments.Second(g, ref v);
        V d = V.DivideOrZero(g, V.Sqrt(v) * _rootScale + _epsilon) + _weightDecay * p;
        _move.Move(d, ref p, ref z);
    }
}
