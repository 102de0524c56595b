namespace Optimizers;

/// <summary>The options of <see cref="Yogi"/>.</summary>
public sealed record YogiOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.01, as in the paper.</remarks>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in the paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the second moment. At least 0, below 1; default 0.999, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added to the square root after bias correction. Finite, at least 0; default 1e-3, as in the paper.</summary>
    public double Epsilon { get; init; } = 1e-3;

    /// <summary>The initial value of both moments. Finite, at least 0; default 1e-6, as in optax.</summary>
    public double InitialAccumulator { get; init; } = 1e-6;

    /// <inheritdoc/>
    /// <remarks>Default 0; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    void IOptimizerOptions.Validate()
    {
        AdamFormula.Validate(Beta1, Beta2, Epsilon);
        Require.NonNegative(InitialAccumulator);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        step => new YogiRule(step, this),
        new StateSlot("exp_avg", (float)InitialAccumulator),
        new StateSlot("exp_avg_sq", (float)InitialAccumulator) { NonNegative = true });

    internal static NamedType Named { get; } = new NamedOptimizer<YogiOptions>(nameof(Yogi), new YogiContract(), (n, o, t) => new Yogi(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(YogiOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class YogiContract : JsonSerializerContext;

/// <summary>Yogi: Adam whose second moment changes in steps of (1 − β₂)g², so that it falls more slowly.</summary>
/// <remarks>
/// <para>Zaheer, Reddi, Sachan, Kale &amp; Kumar 2018, Adaptive Methods for Nonconvex Optimization, NeurIPS, algorithm 2.</para>
/// <code>
/// g ← g + λp
/// m ← β₁m + (1 − β₁)g
/// v ← v − (1 − β₂)·sign(v − g²)·g²
/// p ← p − η/(1 − β₁ᵗ) · m/(√(v/(1 − β₂ᵗ)) + ε)
/// </code>
/// <para>The bias correction is optax's, although the initial moments are not 0. As in optax, m starts at
/// InitialAccumulator, so a parameter moves a little before its first nonzero gradient. A quotient 0/0 gives no
/// update.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_sq</c>). With zero gradients m decays and v does not
/// change. A NaN stays in the moments of its parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Yogi(int length, YogiOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new YogiOptions(), threads, stateFormat);

/// <summary>Adam with v ← v − (1 − β₂)·sign(v − g²)·g² instead of v.</summary>
internal readonly struct YogiRule(StepScalars step, YogiOptions options) : IUpdateRule2<YogiRule>
{
    private readonly AdamMoments _moments = new(options.Beta1, options.Beta2);
    private readonly AdamMove _move = new(step, options.Beta1, options.Beta2, options.Epsilon);
    private readonly float _gain2 = (float)(1 - options.Beta2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m, ref V v)
        where V : struct, ILane<V>
    {
        _moments.First(g, ref m);
        V square = g * g;
        v -= _gain2 * V.Sign(v - square) * square;
        _move.Move(ref p, m, v);
    }
}
