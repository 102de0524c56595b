namespace Optimizers;

/// <summary>The options of <see cref="Yogi"/>.</summary>
public sealed record YogiOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.01, as in the paper.</remarks>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>The weight β₁ that the first moment keeps of itself. At least 0, below 1; default 0.9, as in the paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The weight β₂ that the second moment keeps of itself. At least 0, below 1; default 0.999, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added to the root after bias correction. Finite, at least 0; default 1e-3, as in the paper.</summary>
    public double Epsilon { get; init; } = 1e-3;

    /// <summary>What both moments start from. Finite, at least 0; default 1e-6, as in optax.</summary>
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

/// <summary>Yogi: Adam whose second moment follows the gradient in steps of its square, and so falls more slowly.</summary>
/// <remarks>
/// <para>Zaheer, Reddi, Sachan, Kale &amp; Kumar 2018, Adaptive Methods for Nonconvex Optimization, NeurIPS, algorithm 2.</para>
/// <code>
/// g ← g + λp
/// m ← β₁m + (1 − β₁)g
/// v ← v − (1 − β₂)·sign(v − g²)·g²
/// p ← p − η/(1 − β₁ᵗ) · m/(√(v/(1 − β₂ᵗ)) + ε)
/// </code>
/// <para>The bias correction, which acts on starts that were not 0, is optax's. So is the start of m at InitialAccumulator,
/// by which a parameter moves a little before it has seen a gradient. 0/0 is no step.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_sq</c>). With zero gradients m fades and v stands; a NaN
/// stays in its parameter's moments.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null: the defaults.</param>
/// <param name="threads">The number of threads a step uses at most; 0: as many as there are processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Yogi(int length, YogiOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new YogiOptions(), threads, stateFormat);

/// <summary>Adam with v ← v − (1 − β₂)·sign(v − g²)·g² in the place of v.</summary>
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
