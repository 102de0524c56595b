namespace Optimizers;

/// <summary>The options of <see cref="Signum"/>.</summary>
public sealed record SignumOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, a usual choice.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The decay rate μ of the running mean of the gradient. At least 0, below 1; default 0.9, as in the
    /// paper.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <inheritdoc/>
    /// <remarks>Default 0; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    double IOptimizerOptions.SafeMagnitude => 1e30;

    void IOptimizerOptions.Validate() => Require.Beta(Momentum);

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.LightElementwise(
        step => new SignumRule(step.LearningRate, Momentum), Momentum, new StateSlot("momentum_buffer"));

    internal static NamedType Named { get; } = new NamedOptimizer<SignumOptions>(nameof(Signum), new SignumContract(), (n, o, t) => new Signum(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(SignumOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class SignumContract : JsonSerializerContext;

/// <summary>Signum: every parameter moves by exactly the rate, against the sign of a running mean of its gradient.</summary>
/// <remarks>
/// <para>Bernstein et al. 2018, arXiv 1802.04434, algorithm 2.</para>
/// <code>
/// g ← g + λp
/// m ← μm + (1 − μ)g
/// p ← p − η·sign(m)
/// </code>
/// <para>The sign of ±0 and of NaN is 0.</para>
/// <para>State: 4 bytes per parameter (<c>momentum_buffer</c>). With a zero gradient the mean keeps moving the parameter until it
/// has decayed to 0. A NaN stays in the mean of its parameter, which then no longer moves.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Signum(int length, SignumOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new SignumOptions(), threads, stateFormat);

/// <summary>m ← μm + (1 − μ)g, p ← p − η·sign(m)</summary>
internal readonly struct SignumRule(double rate, double momentum) : IUpdateRule1<SignumRule>
{
    private readonly float _rate = (float)rate;
    private readonly float _momentum = (float)momentum;
    private readonly float _gain = (float)(1 - momentum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m)
        where V : struct, ILane<V>
    {
        m = _momentum * m + _gain * g;
        p -= _rate * V.Sign(m);
    }
}
