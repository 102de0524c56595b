namespace Optimizers;

/// <summary>The options of <see cref="Lars"/>.</summary>
public sealed record LarsOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as for <see cref="Optimizers.Momentum"/>; the paper uses rates of 10 and more for large batches.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The momentum μ: the factor on the old velocity. Finite, at least 0; default 0.9, as in the paper.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Whether the step looks ahead along the velocity (Nesterov). Default false, as in the paper.</summary>
    public bool Nesterov { get; init; }

    /// <inheritdoc/>
    /// <remarks>Default 0, as in optax; inside the trust ratio.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    /// <summary>The distance that a tensor moves at rate 1, relative to its norm. Finite, above 0; default 0.001, as in the
    /// paper.</summary>
    public double TrustCoefficient { get; init; } = 0.001;

    /// <summary>ε, added to the norm in the divisor. Finite, at least 0; default 0, as in the paper.</summary>
    public double Epsilon { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecayForm.InRule;

    double? IOptimizerOptions.SchedulableMomentum => Momentum;

    void IOptimizerOptions.Validate()
    {
        Require.NonNegative(Momentum);
        Require.Positive(TrustCoefficient);
        Require.NonNegative(Epsilon);
    }

    OptimizerDefinition IOptimizerOptions.Define() =>
        OptimizerDefinition.Measuring(step => new LarsRule(step, this), new StateSlot("momentum_buffer"));

    internal static NamedType Named { get; } = new NamedOptimizer<LarsOptions>(nameof(Lars), new LarsContract(), (n, o, t) => new Lars(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(LarsOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class LarsContract : JsonSerializerContext;

/// <summary>LARS: momentum with a rate for each tensor, proportional to the norm of the tensor; for large batches.</summary>
/// <remarks>
/// <para>You, Gitman &amp; Ginsburg 2017, arXiv 1708.03888, algorithm 1. Each buffer is one tensor.</para>
/// <code>
/// u = g + λp
/// r = TrustCoefficient·‖p‖/(‖u‖ + ε), or 1 if either norm is 0
/// v ← μv + η·r·u
/// p ← p − v                       Nesterov: p ← p − (η·r·u + μv)
/// </code>
/// <para>As in optax, the divisor is the norm of the sum g + λp; the paper adds the norms: ‖g‖ + λ‖p‖. The rate is inside
/// the velocity, so earlier rates continue to act through the velocity. The norms are summed in double.</para>
/// <para>State: 4 bytes per parameter (<c>momentum_buffer</c>). With a zero gradient the velocity keeps moving the parameter and
/// decays. A NaN or an infinity spreads through the norm to the whole tensor, including its velocities.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Lars(int length, LarsOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new LarsOptions(), threads, stateFormat);

/// <summary>Measures p and u = g + λp first; then s = ηr·u, v ← μv + s, p ← p − v</summary>
internal readonly struct LarsRule(StepScalars step, LarsOptions options) : IMeasuringRule1<LarsRule>
{
    private readonly float _momentum = (float)step.MomentumOr(options.Momentum);
    private readonly float _weightDecay = (float)step.WeightDecay;

    // The update is p ← p − (ofStep·s + ofVelocity·v).
    private readonly float _ofStep = options.Nesterov ? 1 : 0;
    private readonly float _ofVelocity = options.Nesterov ? (float)step.MomentumOr(options.Momentum) : 1;
    private readonly double _rate = step.LearningRate;
    private readonly double _trust = options.TrustCoefficient;
    private readonly double _epsilon = options.Epsilon;

    public static bool MeasuringChangesState => false;

    private float StepSize { get; init; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Measure<V>(V g, V p, ref V v, out V first, out V second)
        where V : struct, ILane<V>
    {
        first = p;
        second = Direction(g, p);
    }

    public LarsRule WithSums(in MeasuredSums sums, Span<double> scalars)
    {
        double ratio = sums.First == 0 || sums.Second == 0
            ? 1
            : _trust * Math.Sqrt(sums.First) / (Math.Sqrt(sums.Second) + _epsilon);
        // If the norm in the divisor is tiny, the ratio can be too large for a float. The step itself is not too large.
        return this with { StepSize = (float)Math.Min(_rate * ratio, float.MaxValue) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Step<V>(V g, V p, ref V v)
        where V : struct, ILane<V>
    {
        V s = StepSize * Direction(g, p);
        v = _momentum * v + s;
        return _ofStep * s + _ofVelocity * v;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Direction<V>(V g, V p)
        where V : struct, ILane<V> =>
        g + _weightDecay * p;
}
