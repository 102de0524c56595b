namespace Optimizers;

/// <summary>The options of <see cref="AdaBelief"/>.</summary>
public sealed record AdaBeliefOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in the paper and in optax.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in the paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the second moment. At least 0, below 1; default 0.999, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added to the square root after bias correction. Finite, at least 0; default 1e-16, as in optax (1e-8 in the
    /// paper).</summary>
    public double Epsilon { get; init; } = 1e-16;

    /// <summary>
    /// Added to s at every update, so that it accumulates to EpsilonRoot/(1 − β₂). Finite, at least 0; default 1e-16, as in
    /// optax.
    /// </summary>
    public double EpsilonRoot { get; init; } = 1e-16;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in optax.</remarks>
    public double WeightDecay { get; init; }

    /// <summary>Whether weight decay is decoupled. Default false.</summary>
    public bool DecoupledWeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecoupledWeightDecay ? DecayForm.Decoupled : DecayForm.Coupled;

    void IOptimizerOptions.Validate()
    {
        AdamFormula.Validate(Beta1, Beta2, Epsilon);
        Require.NonNegative(EpsilonRoot);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        step => new AdaBeliefRule(step, this), new StateSlot("exp_avg"), new StateSlot("exp_avg_var") { NonNegative = true });

    internal static NamedType Named { get; } = new NamedOptimizer<AdaBeliefOptions>(nameof(AdaBelief), new AdaBeliefContract(), (n, o, t) => new AdaBelief(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(AdaBeliefOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class AdaBeliefContract : JsonSerializerContext;

/// <summary>AdaBelief: Adam that divides by the deviation of gradients from their mean, not by their size.</summary>
/// <remarks>
/// <para>Zhuang et al. 2020, arXiv 2010.07468, algorithm 2.</para>
/// <code>
/// m ← β₁m + (1 − β₁)g
/// s ← β₂s + (1 − β₂)(g − m)² + EpsilonRoot
/// p ← p − η/(1 − β₁ᵗ) · m/(√(s/(1 − β₂ᵗ)) + ε)
/// </code>
/// <para>As in the paper, s uses the deviation from the new mean, and EpsilonRoot stays in s. A coupled decay is first added
/// to g; a decoupled decay multiplies p. A quotient 0/0 gives no update.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_var</c>). With zero gradients m decays and the parameter
/// stops moving. A NaN stays in the moments of its parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class AdaBelief(int length, AdaBeliefOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new AdaBeliefOptions(), threads, stateFormat);

/// <summary>Adam with s ← β₂s + (1 − β₂)(g − m)² + EpsilonRoot instead of v.</summary>
internal readonly struct AdaBeliefRule(StepScalars step, AdaBeliefOptions options) : IUpdateRule2<AdaBeliefRule>
{
    private readonly AdamMoments _moments = new(options.Beta1, options.Beta2);
    private readonly AdamMove _move = new(step, options.Beta1, options.Beta2, options.Epsilon);
    private readonly float _epsilonRoot = (float)options.EpsilonRoot;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m, ref V s)
        where V : struct, ILane<V>
    {
        _moments.First(g, ref m);
        _moments.Second(g - m, ref s);
        s += _epsilonRoot;
        _move.Move(ref p, m, s);
    }
}
