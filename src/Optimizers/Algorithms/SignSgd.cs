namespace Optimizers;

/// <summary>The options of <see cref="SignSgd"/>.</summary>
public sealed record SignSgdOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, a usual choice.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <inheritdoc/>
    /// <remarks>Default 0; coupled.</remarks>
    public double WeightDecay { get; init; }

    double IOptimizerOptions.SafeMagnitude => 1e30;

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(step => new SignSgdRule(step.LearningRate));

    internal static NamedType Named { get; } = new NamedOptimizer<SignSgdOptions>(nameof(SignSgd), new SignSgdContract(), (n, o, t) => new SignSgd(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(SignSgdOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class SignSgdContract : JsonSerializerContext;

/// <summary>signSGD: every parameter moves by exactly the rate, against the sign of its gradient.</summary>
/// <remarks>
/// <para>Bernstein et al. 2018, arXiv 1802.04434, algorithm 1.</para>
/// <code>
/// g ← g + λp
/// p ← p − η·sign(g)
/// </code>
/// <para>As in optax, a decay is coupled, so it can change the sign. The sign of ±0 and of NaN is 0.</para>
/// <para>State: none. With a zero gradient only decay moves the parameter. A parameter with a NaN gradient does not
/// move.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class SignSgd(int length, SignSgdOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new SignSgdOptions(), threads, stateFormat);

/// <summary>p ← p − η·sign(g)</summary>
internal readonly struct SignSgdRule(double rate) : IUpdateRule0<SignSgdRule>
{
    private readonly float _rate = (float)rate;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p)
        where V : struct, ILane<V> =>
        p -= _rate * V.Sign(g);
}
