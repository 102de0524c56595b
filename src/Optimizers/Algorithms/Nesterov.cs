namespace Optimizers;

/// <summary>The options of <see cref="Nesterov"/>.</summary>
public sealed record NesterovOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The momentum μ: the factor on the old velocity. Finite, at least 0; default 0.9, the usual choice.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in PyTorch; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    double? IOptimizerOptions.SchedulableMomentum => Momentum;

    double IOptimizerOptions.SafeMagnitude => 1e30;

    void IOptimizerOptions.Validate() => Require.NonNegative(Momentum);

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.LightElementwise(
        step => new NesterovRule(step.LearningRate, step.MomentumOr(Momentum)),
        Momentum,
        new StateSlot("momentum_buffer"));

    internal static NamedType Named { get; } = new NamedOptimizer<NesterovOptions>(nameof(Nesterov), new NesterovContract(), (n, o, t) => new Nesterov(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(NesterovOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class NesterovContract : JsonSerializerContext;

/// <summary>Gradient descent with Nesterov momentum, which looks ahead along the velocity.</summary>
/// <remarks>
/// <para>Nesterov 1983; Sutskever et al. 2013 (ICML), in PyTorch's form: the gradient is computed at the parameters p, not
/// at a point ahead of them.</para>
/// <code>
/// g ← g + λp
/// v ← μv + g
/// p ← p − η(g + μv)
/// </code>
/// <para>State: 4 bytes per parameter (<c>momentum_buffer</c>). With a zero gradient the velocity keeps moving the parameter and
/// decays. A NaN stays in the velocity of its parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Nesterov(int length, NesterovOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new NesterovOptions(), threads, stateFormat);

/// <summary>v ← μv + g, p ← p − η(g + μv)</summary>
internal readonly struct NesterovRule(double rate, double momentum) : IUpdateRule1<NesterovRule>
{
    private readonly float _rate = (float)rate;
    private readonly float _momentum = (float)momentum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V v)
        where V : struct, ILane<V>
    {
        v = _momentum * v + g;
        p -= _rate * (g + _momentum * v);
    }
}
