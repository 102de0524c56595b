namespace Optimizers;

/// <summary>The options of <see cref="Adamax"/>.</summary>
public sealed record AdamaxOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.002, as in the paper and in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.002;

    /// <summary>The weight β₁ that the first moment keeps of itself. At least 0, below 1; default 0.9, as in the paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The weight β₂ that the largest gradient keeps of itself. At least 0, below 1; default 0.999, as in the paper.</summary>
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

/// <summary>Adamax: Adam with the largest gradient of late in the place of the root mean square.</summary>
/// <remarks>
/// <para>Kingma &amp; Ba 2015, arXiv 1412.6980, algorithm 2.</para>
/// <code>
/// g ← g + λp
/// m ← β₁m + (1 − β₁)g
/// u ← max(β₂u, |g| + ε)
/// p ← p − η/(1 − β₁ᵗ) · m/u
/// </code>
/// <para>ε is PyTorch's: it stands inside the maximum, and not at the division. 0/0 is no step.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_inf</c>). With zero gradients m fades and the parameter comes
/// to rest; a NaN stays in its parameter's state.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null: the defaults.</param>
/// <param name="threads">The number of threads a step uses at most; 0: as many as there are processors.</param>
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
