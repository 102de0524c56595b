namespace Optimizers;

/// <summary>The options of <see cref="Lamb"/>.</summary>
public sealed record LambOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in optax’s examples.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in the paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the second moment. At least 0, below 1; default 0.999, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added to the square root after bias correction. Finite, at least 0; default 1e-6, as in optax.</summary>
    public double Epsilon { get; init; } = 1e-6;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in optax; inside the trust ratio.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecayForm.InRule;

    double? IOptimizerOptions.SchedulableMomentum => Beta1;

    void IOptimizerOptions.Validate() => AdamFormula.Validate(Beta1, Beta2, Epsilon);

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Measuring(
        step => new LambRule(step, this), new StateSlot("exp_avg"), new StateSlot("exp_avg_sq") { NonNegative = true });

    internal static NamedType Named { get; } = new NamedOptimizer<LambOptions>(nameof(Lamb), new LambContract(), (n, o, t) => new Lamb(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(LambOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class LambContract : JsonSerializerContext;

/// <summary>LAMB: Adam's direction, scaled to the norm of each tensor; for large batches.</summary>
/// <remarks>
/// <para>You et al. 2020, arXiv 1904.00962, algorithm 2. Each buffer is one tensor with one norm.</para>
/// <code>
/// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²
/// u = m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε) + λp
/// r = ‖p‖/‖u‖, or 1 if either norm is 0
/// p ← p − η·r·u
/// </code>
/// <para>As in optax, the ratio is not clipped. The norms are summed in double. A quotient 0/0 gives no update.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_sq</c>). With zero gradients the moments fall to 0, and then
/// only decay moves the parameters; the ratio r multiplies this decay too. A NaN or an infinity spreads through the norm to
/// all parameters of the tensor, but not to the moments of other parameters.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Lamb(int length, LambOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new LambOptions(), threads, stateFormat);

/// <summary>Measures u = m̂/(√v̂ + ε) + λp first; then p ← p − ηr·u</summary>
internal readonly struct LambRule(StepScalars step, LambOptions options) : IMeasuringRule2<LambRule>
{
    private readonly AdamMoments _moments = new(step.MomentumOr(options.Beta1), options.Beta2);
    private readonly float _scale = (float)(1 / step.MomentumCorrection(options.Beta1));
    private readonly float _rootScale = (float)(1 / Math.Sqrt(step.BiasCorrection(options.Beta2)));
    private readonly float _epsilon = (float)options.Epsilon;
    private readonly float _weightDecay = (float)step.WeightDecay;
    private readonly double _rate = step.LearningRate;

    public static bool MeasuringChangesState => true;

    private float StepSize { get; init; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Measure<V>(V g, V p, ref V m, ref V v, out V first, out V second)
        where V : struct, ILane<V>
    {
        _moments.Average(g, ref m, ref v);
        first = p;
        second = Direction(p, m, v);
    }

    public LambRule WithSums(in MeasuredSums sums, Span<double> scalars)
    {
        double ratio = sums.First == 0 || sums.Second == 0 ? 1 : Math.Sqrt(sums.First) / Math.Sqrt(sums.Second);
        // If the norm in the divisor is tiny, the ratio can be too large for a float. The step itself is not too large.
        return this with { StepSize = (float)Math.Min(_rate * ratio, float.MaxValue) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Step<V>(V g, V p, ref V m, ref V v)
        where V : struct, ILane<V> =>
        StepSize * Direction(p, m, v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Direction<V>(V p, V m, V v)
        where V : struct, ILane<V> =>
        V.DivideOrZero(_scale * m, V.Sqrt(v) * _rootScale + _epsilon)
            + _weightDecay * p;
}
