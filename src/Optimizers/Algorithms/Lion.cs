namespace Optimizers;

/// <summary>The options of <see cref="Lion"/>.</summary>
public sealed record LionOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 1e-4, as in the authors’ code.</remarks>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>The weight β₁ of the old momentum in the direction of the step. At least 0, below 1; default 0.9, as in the
    /// paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the momentum. At least 0, below 1; default 0.99, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.99;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in lion-pytorch (1e-3 in optax); decoupled.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecayForm.Decoupled;

    double? IOptimizerOptions.SchedulableMomentum => Beta1;

    double IOptimizerOptions.SafeMagnitude => 1e30;

    void IOptimizerOptions.Validate()
    {
        Require.Beta(Beta1);
        Require.Beta(Beta2);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.LightElementwise(
        step => new LionRule(step.LearningRate, step.MomentumOr(Beta1), Beta2), Beta2, new StateSlot("exp_avg"));

    internal static NamedType Named { get; } = new NamedOptimizer<LionOptions>(nameof(Lion), new LionContract(), (n, o, t) => new Lion(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(LionOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class LionContract : JsonSerializerContext;

/// <summary>Lion: every parameter moves by exactly the rate, against the sign of a momentum.</summary>
/// <remarks>
/// <para>Chen et al. 2023, arXiv 2302.06675, program 1.</para>
/// <code>
/// p ← p·(1 − ηλ)
/// p ← p − η·sign(β₁m + (1 − β₁)g)
/// m ← β₂m + (1 − β₂)g
/// </code>
/// <para>The sign uses the old momentum; the sign of ±0 and of NaN is 0. The authors recommend a rate 3 to 10 times smaller than
/// AdamW's, and a weight decay that is larger by the same factor.</para>
/// <para>State: 4 bytes per parameter (<c>exp_avg</c>). With a zero gradient the momentum keeps moving the parameter. A NaN stays
/// in the momentum of its parameter, which then no longer moves.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Lion(int length, LionOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new LionOptions(), threads, stateFormat);

/// <summary>p ← p − η·sign(β₁m + (1 − β₁)g), m ← β₂m + (1 − β₂)g</summary>
internal readonly struct LionRule(double rate, double beta1, double beta2) : IUpdateRule1<LionRule>
{
    private readonly float _rate = (float)rate;
    private readonly float _beta1 = (float)beta1;
    private readonly float _gain1 = (float)(1 - beta1);
    private readonly float _beta2 = (float)beta2;
    private readonly float _gain2 = (float)(1 - beta2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m)
        where V : struct, ILane<V>
    {
        p -= _rate * V.Sign(_beta1 * m + _gain1 * g);
        m = _beta2 * m + _gain2 * g;
    }
}
