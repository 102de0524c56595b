namespace Optimizers;

/// <summary>The options of <see cref="RAdam"/>.</summary>
public sealed record RAdamOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in the paper and in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in the paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the second moment. At least 0, below 1; default 0.999, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added to the square root before bias correction. Finite, at least 0; default 1e-8, as in PyTorch.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in PyTorch.</remarks>
    public double WeightDecay { get; init; }

    /// <summary>Whether weight decay is decoupled. Default false, as in PyTorch.</summary>
    public bool DecoupledWeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecoupledWeightDecay ? DecayForm.Decoupled : DecayForm.Coupled;

    double? IOptimizerOptions.SchedulableMomentum => Beta1;

    void IOptimizerOptions.Validate() => AdamFormula.Validate(Beta1, Beta2, Epsilon);

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        step => new RAdamRule(step, this), new StateSlot("exp_avg"), new StateSlot("exp_avg_sq") { NonNegative = true });

    internal static NamedType Named { get; } = new NamedOptimizer<RAdamOptions>(nameof(RAdam), new RAdamContract(), (n, o, t) => new RAdam(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(RAdamOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class RAdamContract : JsonSerializerContext;

/// <summary>Rectified Adam: plain momentum until the second moment is accurate enough to divide by.</summary>
/// <remarks>
/// <para>Liu et al. 2020, arXiv 1908.03265, algorithm 2.</para>
/// <code>
/// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², m̂ = m/(1 − β₁ᵗ)
/// ρ∞ = 2/(1 − β₂) − 1, ρ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ)
/// ρ &gt; 5: r = √[(ρ − 4)(ρ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρ)]
///        p ← p − η·r·m̂·√(1 − β₂ᵗ)/(√v + ε)
/// else:  p ← p − η·m̂
/// </code>
/// <para>As in PyTorch, ε is added to √v before bias correction, and the threshold is 5; the paper has 4. With the default β₂,
/// update 6 is the first rectified one; for β₂ ≤ 2/3 no update is rectified. A quotient 0/0 gives no update.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_sq</c>). With zero gradients the moments decay and the
/// parameter stops moving. A NaN stays in the moments of its parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class RAdam(int length, RAdamOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new RAdamOptions(), threads, stateFormat);

/// <summary>Updates Adam's moments, then p ← p − s·m/(a√v + b). If an update is not rectified, a is 0 and b is 1.</summary>
internal readonly struct RAdamRule : IUpdateRule2<RAdamRule>
{
    private readonly AdamMoments _moments;
    private readonly float _stepSize;
    private readonly float _rootScale;
    private readonly float _offset;

    public RAdamRule(StepScalars step, RAdamOptions options)
    {
        _moments = new AdamMoments(step.MomentumOr(options.Beta1), options.Beta2);
        double correction2 = step.BiasCorrection(options.Beta2);
        double stepSize = step.LearningRate / step.MomentumCorrection(options.Beta1);
        double limit = (2 / (1 - options.Beta2)) - 1;
        double length = limit - (2 * step.Iteration * (1 - correction2) / correction2);
        bool rectified = length > 5;
        double rectification = Math.Sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
        _stepSize = (float)(rectified ? stepSize * rectification * Math.Sqrt(correction2) : stepSize);
        _rootScale = rectified ? 1 : 0;
        _offset = rectified ? (float)options.Epsilon : 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m, ref V v)
        where V : struct, ILane<V>
    {
        _moments.Average(g, ref m, ref v);
        p -= V.DivideOrZero(_stepSize * m, V.Sqrt(v) * _rootScale + _offset);
    }
}
