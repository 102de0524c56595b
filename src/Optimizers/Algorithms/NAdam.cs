namespace Optimizers;

/// <summary>The options of <see cref="NAdam"/>.</summary>
public sealed record NAdamOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.002, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.002;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in PyTorch.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the second moment. At least 0, below 1; default 0.999, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added to the square root after bias correction. Finite, at least 0; default 1e-8, as in PyTorch.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>
    /// How fast the momentum μ grows from β₁/2 to β₁; with 0, μ stays β₁/2. Finite, at least 0; default 0.004, as in the paper.
    /// </summary>
    public double MomentumDecay { get; init; } = 0.004;

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

    void IOptimizerOptions.Validate()
    {
        AdamFormula.Validate(Beta1, Beta2, Epsilon);
        Require.NonNegative(MomentumDecay);
    }

    OptimizerDefinition IOptimizerOptions.Define()
    {
        double fading = Powers.Of(0.96, MomentumDecay);
        return OptimizerDefinition.Elementwise(
            (step, scalars) =>
            {
                double momentum = MomentumAt(step.Iteration);
                double next = MomentumAt(step.Iteration + 1);
                double product = scalars[0] *= momentum;
                return new NAdamRule(step, this, (1 - momentum) / (1 - product), next / (1 - (product * next)));
            },
            [new StateScalar("mu_product", 1)],
            new StateSlot("exp_avg"),
            new StateSlot("exp_avg_sq") { NonNegative = true });

        double MomentumAt(long iteration) => Beta1 * (1 - (0.5 * Powers.Of(fading, (ulong)iteration)));
    }

    internal static NamedType Named { get; } = new NamedOptimizer<NAdamOptions>(nameof(NAdam), new NAdamContract(), (n, o, t) => new NAdam(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(NAdamOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class NAdamContract : JsonSerializerContext;

/// <summary>NAdam: Adam with Nesterov momentum.</summary>
/// <remarks>
/// <para>Dozat 2016, Incorporating Nesterov Momentum into Adam, ICLR workshop, algorithm 2.</para>
/// <code>
/// μ(t) = β₁·(1 − ½·0.96^(t·MomentumDecay)), P ← P·μ(t)
/// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²
/// u = (1 − μ(t))/(1 − P) · g + μ(t + 1)/(1 − P·μ(t + 1)) · m
/// p ← p − η·u/(√(v/(1 − β₂ᵗ)) + ε)
/// </code>
/// <para>As in PyTorch, the decay rate of m is β₁, not μ. Each parameter tensor has its own P. A coupled decay is first added
/// to g; a decoupled decay multiplies p. A quotient 0/0 gives no update.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_sq</c>), and the scalar <c>mu_product</c> for each tensor. With
/// zero gradients the moments decay and the parameter stops moving. A NaN stays in the moments of its parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class NAdam(int length, NAdamOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new NAdamOptions(), threads, stateFormat);

/// <summary>Updates Adam's moments, then p ← p − η(a·g + b·m)/(√v̂ + ε)</summary>
internal readonly struct NAdamRule(StepScalars step, NAdamOptions options, double ofGradient, double ofMean)
    : IUpdateRule2<NAdamRule>
{
    private readonly AdamMoments _moments = new(options.Beta1, options.Beta2);
    private readonly float _ofGradient = (float)(step.LearningRate * ofGradient);
    private readonly float _ofMean = (float)(step.LearningRate * ofMean);
    private readonly float _rootScale = (float)(1 / Math.Sqrt(step.BiasCorrection(options.Beta2)));
    private readonly float _epsilon = (float)options.Epsilon;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m, ref V v)
        where V : struct, ILane<V>
    {
        _moments.Average(g, ref m, ref v);
        p -= V.DivideOrZero(
            _ofGradient * g + _ofMean * m, V.Sqrt(v) * _rootScale + _epsilon);
    }
}
