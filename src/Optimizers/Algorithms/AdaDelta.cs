namespace Optimizers;

/// <summary>The options of <see cref="AdaDelta"/>.</summary>
public sealed record AdaDeltaOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 1, as in PyTorch; the paper has no rate.</remarks>
    public double LearningRate { get; init; } = 1;

    /// <summary>
    /// The decay rate ρ of both running mean squares. At least 0, below 1; default 0.9, as in PyTorch (0.95 in the paper).
    /// </summary>
    public double Rho { get; init; } = 0.9;

    /// <summary>ε, added inside both square roots. It sets the size of the first steps; with ε = 0 no parameter would ever move.
    /// Finite, above 0; default 1e-6, as in the paper.</summary>
    public double Epsilon { get; init; } = 1e-6;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in PyTorch; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    void IOptimizerOptions.Validate()
    {
        Require.Beta(Rho);
        Require.Positive(Epsilon);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        step => new AdaDeltaRule(step.LearningRate, Rho, Epsilon),
        new StateSlot("square_avg") { NonNegative = true },
        new StateSlot("acc_delta") { NonNegative = true });

    internal static NamedType Named { get; } = new NamedOptimizer<AdaDeltaOptions>(nameof(AdaDelta), new AdaDeltaContract(), (n, o, t) => new AdaDelta(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(AdaDeltaOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class AdaDeltaContract : JsonSerializerContext;

/// <summary>AdaDelta: divides the gradient by the running size of the gradients, and multiplies it by the running size of
/// the steps.</summary>
/// <remarks>
/// <para>Zeiler 2012, arXiv 1212.5701, algorithm 1.</para>
/// <code>
/// g ← g + λp
/// v ← ρv + (1 − ρ)g²
/// d = √(a + ε)/√(v + ε) · g
/// a ← ρa + (1 − ρ)d²
/// p ← p − ηd
/// </code>
/// <para>The rate is an addition of PyTorch. The state a accumulates d², not (ηd)². With ε = 0, a would stay 0 and nothing
/// would move. A quotient 0/0 gives no update.</para>
/// <para>State: 8 bytes per parameter (<c>square_avg</c>, <c>acc_delta</c>). With a zero gradient only decay moves the parameter.
/// A NaN stays in the state of its parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class AdaDelta(int length, AdaDeltaOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new AdaDeltaOptions(), threads, stateFormat);

/// <summary>v ← ρv + (1 − ρ)g², d = √(a + ε)·g/√(v + ε), a ← ρa + (1 − ρ)d², p ← p − ηd</summary>
internal readonly struct AdaDeltaRule(double rate, double rho, double epsilon) : IUpdateRule2<AdaDeltaRule>
{
    private readonly float _rate = (float)rate;
    private readonly float _rho = (float)rho;
    private readonly float _gain = (float)(1 - rho);
    private readonly float _epsilon = (float)epsilon;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V v, ref V a)
        where V : struct, ILane<V>
    {
        v = _rho * v + _gain * g * g;
        V d = V.DivideOrZero(V.Sqrt(a + _epsilon) * g, V.Sqrt(v + _epsilon));
        a = _rho * a + _gain * d * d;
        p -= _rate * d;
    }
}
