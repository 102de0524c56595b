namespace Optimizers;

/// <summary>The options of <see cref="NovoGrad"/>.</summary>
public sealed record NovoGradOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as for <see cref="Adam"/>; the paper uses rates about ten times larger.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in optax.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the squared norm. At least 0, below 1; default 0.25, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.25;

    /// <summary>ε, added to the norm. Finite, at least 0; default 1e-6, as in optax.</summary>
    public double Epsilon { get; init; } = 1e-6;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in optax. The decay is added to the normalized gradient, so it enters the moment.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecayForm.InRule;

    double? IOptimizerOptions.SchedulableMomentum => Beta1;

    void IOptimizerOptions.Validate() => AdamFormula.Validate(Beta1, Beta2, Epsilon);

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Measuring(
        (step, _) => new NovoGradRule(step, this), [new StateScalar("exp_avg_sq")], new StateSlot("exp_avg"));

    internal static NamedType Named { get; } = new NamedOptimizer<NovoGradOptions>(nameof(NovoGrad), new NovoGradContract(), (n, o, t) => new NovoGrad(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(NovoGradOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class NovoGradContract : JsonSerializerContext;

/// <summary>NovoGrad: momentum of gradients that are divided by a running norm, one norm for each tensor.</summary>
/// <remarks>
/// <para>Ginsburg et al. 2019, arXiv 1905.11286, algorithm 1. The parameters of one instance are one tensor, with one norm.</para>
/// <code>
/// v ← β₂v + (1 − β₂)‖g‖²          first update: v ← ‖g‖²
/// u = g/(√v + ε) + λp
/// m ← β₁m + u
/// p ← p − ηm
/// </code>
/// <para>As in the paper, m is a sum, not an average. Each tensor has its own first update; optax counts one first update for all
/// tensors. The norm is summed in double, and v is kept in double. A quotient 0/0 gives no update.</para>
/// <para>State: 4 bytes per parameter (<c>exp_avg</c>), and the scalar <c>exp_avg_sq</c> for each tensor. With a zero gradient
/// the moment keeps moving the parameter and decays. A NaN spreads through the norm to the whole tensor, and stays in v. An
/// infinity stays in v too: it makes its own parameter NaN, and the moments of the other parameters decay.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class NovoGrad(int length, NovoGradOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new NovoGradOptions(), threads, stateFormat);

/// <summary>Measures g first; then m ← β₁m + g/(√v + ε) + λp, p ← p − ηm</summary>
internal readonly struct NovoGradRule(StepScalars step, NovoGradOptions options) : IMeasuringRule1<NovoGradRule>
{
    private readonly float _momentum = (float)step.MomentumOr(options.Beta1);
    private readonly float _weightDecay = (float)step.WeightDecay;
    private readonly float _rate = (float)step.LearningRate;
    private readonly double _keep = step.Iteration == 1 ? 0 : options.Beta2;
    private readonly double _epsilon = options.Epsilon;

    public static bool MeasuringChangesState => false;

    // The scalar v stays in double, so the overflow check of float32 values need not include it.
    public static double MagnitudeOf(ReadOnlySpan<double> scalars) => 0;

    private float Norm { get; init; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Measure<V>(V g, V p, ref V m, out V first, out V second)
        where V : struct, ILane<V>
    {
        first = g;
        second = V.Splat(0);
    }

    public NovoGradRule WithSums(in MeasuredSums sums, Span<double> scalars)
    {
        scalars[0] = (_keep * scalars[0]) + ((1 - _keep) * sums.First);
        return this with { Norm = (float)(Math.Sqrt(scalars[0]) + _epsilon) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Step<V>(V g, V p, ref V m)
        where V : struct, ILane<V>
    {
        m = _momentum * m + (V.DivideOrZero(g, V.Splat(Norm)) + _weightDecay * p);
        return _rate * m;
    }
}
