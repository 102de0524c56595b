namespace Optimizers;

/// <summary>The options of <see cref="Adopt"/>.</summary>
public sealed record AdoptOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in the paper.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in the paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the second moment. At least 0, below 1; default 0.9999, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.9999;

    /// <summary>ε, the lower limit of the divisor. Finite, at least 0; default 1e-6, as in the paper.</summary>
    public double Epsilon { get; init; } = 1e-6;

    /// <summary>Whether g/√v is clipped to ±(t − 1)^¼. Default true, as in the authors’ code.</summary>
    public bool Clipping { get; init; } = true;

    /// <inheritdoc/>
    /// <remarks>Default 0; coupled, at the first update as well.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    void IOptimizerOptions.Validate() => AdamFormula.Validate(Beta1, Beta2, Epsilon);

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        step => new AdoptRule(step, this), new StateSlot("exp_avg"), new StateSlot("exp_avg_sq") { NonNegative = true });

    internal static NamedType Named { get; } = new NamedOptimizer<AdoptOptions>(nameof(Adopt), new AdoptContract(), (n, o, t) => new Adopt(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(AdoptOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class AdoptContract : JsonSerializerContext;

/// <summary>
/// ADOPT: Adam that divides each gradient by the root mean square of the gradients before it, and so converges for any β₂.
/// </summary>
/// <remarks>
/// <para>Taniguchi et al. 2024, arXiv 2411.02853, algorithm 2, and its clipping.</para>
/// <code>
/// g ← g + λp
/// t = 1: v ← g², and nothing moves
/// u = g/max(√v, ε)                Clipping: limited to ±(t − 1)^¼
/// m ← β₁m + (1 − β₁)u
/// p ← p − ηm
/// v ← β₂v + (1 − β₂)g²
/// </code>
/// <para>The first update moves nothing, but counts as an update for the schedule. A quotient 0/0 gives no update.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_sq</c>). With zero gradients m decays and the parameter stops
/// moving. A NaN stays in the moments of its parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Adopt(int length, AdoptOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new AdoptOptions(), threads, stateFormat);

/// <summary>u = clip(g/max(√v, ε)), m ← β₁m + (1 − β₁)u, p ← p − ηm, v ← β₂v + (1 − β₂)g²; first update: only v ← g²</summary>
internal readonly struct AdoptRule(StepScalars step, AdoptOptions options) : IUpdateRule2<AdoptRule>
{
    private readonly bool _first = step.Iteration == 1;
    private readonly AdamMoments _moments = new(options.Beta1, options.Beta2);
    private readonly float _rate = (float)step.LearningRate;
    private readonly float _epsilon = (float)options.Epsilon;
    private readonly float _limit =
        options.Clipping ? (float)Math.Sqrt(Math.Sqrt(step.Iteration - 1)) : float.PositiveInfinity;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m, ref V v)
        where V : struct, ILane<V>
    {
        if (_first)
        {
            v = g * g;
            return;
        }

        V u = V.DivideOrZero(g, V.Max(V.Sqrt(v), V.Splat(_epsilon)));
        u = V.Min(V.Max(u, V.Splat(-_limit)), V.Splat(_limit));
        _moments.First(u, ref m);
        p -= _rate * m;
        _moments.Second(g, ref v);
    }
}
