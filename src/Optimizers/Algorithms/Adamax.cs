namespace Optimizers;

/// <summary>The options of <see cref="Adamax"/>.</summary>
public sealed record AdamaxOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.002, as in the paper and in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.002;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in the paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of u, the largest recent gradient magnitude. At least 0, below 1; default 0.999, as in the
    /// paper.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added to the magnitude of the gradient. Finite, at least 0; default 1e-8, as in PyTorch.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in PyTorch; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    double IOptimizerOptions.SafeMagnitude => 1e30;

    void IOptimizerOptions.Validate() => AdamFormula.Validate(Beta1, Beta2, Epsilon);

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        step => new AdamaxRule(step, this), new StateSlot("exp_avg"), new StateSlot("exp_inf") { NonNegative = true });

    internal static NamedType Named { get; } = new NamedOptimizer<AdamaxOptions>(nameof(Adamax), new AdamaxContract(), (n, o, t) => new Adamax(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(AdamaxOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class AdamaxContract : JsonSerializerContext;

/// <summary>Adamax: Adam with the largest recent gradient magnitude instead of the root mean square.</summary>
/// <remarks>
/// <para>Kingma &amp; Ba 2015, arXiv 1412.6980, algorithm 2.</para>
/// <code>
/// g ← g + λp
/// m ← β₁m + (1 − β₁)g
/// u ← max(β₂u, |g| + ε)
/// p ← p − η/(1 − β₁ᵗ) · m/u
/// </code>
/// <para>ε is used as in PyTorch: inside the maximum, not in the division. A quotient 0/0 gives no update.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_inf</c>). With zero gradients m decays and the parameter stops
/// moving. A NaN stays in the state of its parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Adamax(int length, AdamaxOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new AdamaxOptions(), threads, stateFormat);

/// <summary>m ← β₁m + (1 − β₁)g, u ← max(β₂u, |g| + ε), p ← p − η̂·m/u</summary>
internal readonly struct AdamaxRule(StepScalars step, AdamaxOptions options) : IUpdateRule2<AdamaxRule>
{
    private readonly float _gain1 = (float)(1 - options.Beta1);
    private readonly float _beta2 = (float)options.Beta2;
    private readonly float _epsilon = (float)options.Epsilon;
    private readonly float _stepSize = (float)(step.LearningRate / step.BiasCorrection(options.Beta1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m, ref V u)
        where V : struct, ILane<V>
    {
        m += _gain1 * (g - m);
        u = V.Max(_beta2 * u, V.Abs(g) + _epsilon);
        p -= V.DivideOrZero(_stepSize * m, u);
    }
}
