namespace Optimizers;

/// <summary>The options of <see cref="Momentum"/>.</summary>
public sealed record MomentumOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The momentum μ: the factor on the old velocity. Finite, at least 0; default 0.9, the usual choice.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>
    /// The share of the gradient that is left out of the velocity, from the second update on. At least 0, below 1; default 0,
    /// as in PyTorch. Must be 0 if <see cref="Averaged"/> is true.
    /// </summary>
    public double Dampening { get; init; }

    /// <summary>
    /// Whether the velocity is an average, v ← μv + (1 − μ)g from v = 0, instead of a sum. μ must then be below 1. Default false,
    /// as in PyTorch.
    /// </summary>
    public bool Averaged { get; init; }

    /// <inheritdoc/>
    /// <remarks>Default 0, as in PyTorch; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    double? IOptimizerOptions.SchedulableMomentum => Momentum;

    double IOptimizerOptions.SafeMagnitude => 1e30;

    void IOptimizerOptions.Validate()
    {
        Require.NonNegative(Momentum);
        Require.Beta(Dampening);
        if (Averaged)
        {
            if ((float)Momentum >= 1)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(Momentum), Momentum, $"{nameof(Momentum)} is {Momentum}, but must be less than 1 as a float because {nameof(Averaged)} is {Averaged}.");
            }

            if (Dampening != 0)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(Dampening), Dampening, $"{nameof(Dampening)} is {Dampening}, but must be 0 because {nameof(Averaged)} is {Averaged}.");
            }
        }
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.LightElementwise(
        step => new MomentumRule(step.LearningRate, step.MomentumOr(Momentum), GainAt(step)),
        Momentum,
        new StateSlot("momentum_buffer"));

    private double GainAt(StepScalars step) =>
        Averaged ? 1 - step.MomentumOr(Momentum) : step.Iteration == 1 ? 1 : 1 - Dampening;

    internal static NamedType Named { get; } = new NamedOptimizer<MomentumOptions>(nameof(Momentum), new MomentumContract(), (n, o, t) => new Momentum(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(MomentumOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class MomentumContract : JsonSerializerContext;

/// <summary>Gradient descent with momentum (the heavy-ball method).</summary>
/// <remarks>
/// <para>Polyak 1964, doi:10.1016/0041-5553(64)90137-5; in PyTorch's form. The rate is outside the velocity, so a new rate
/// acts on the whole velocity at once.</para>
/// <code>
/// g ← g + λp
/// v ← μv + (1 − Dampening)·g      first update: v ← g
/// p ← p − ηv
/// </code>
/// <para>Averaged: v ← μv + (1 − μ)g from v = 0, without bias correction.</para>
/// <para>State: 4 bytes per parameter (<c>momentum_buffer</c>). With a zero gradient the velocity keeps moving the parameter and
/// decays. A NaN stays in the velocity of its parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Momentum(int length, MomentumOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new MomentumOptions(), threads, stateFormat);

/// <summary>v ← μv + kg, p ← p − ηv</summary>
internal readonly struct MomentumRule(double rate, double momentum, double gain) : IUpdateRule1<MomentumRule>
{
    private readonly float _rate = (float)rate;
    private readonly float _momentum = (float)momentum;
    private readonly float _gain = (float)gain;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V v)
        where V : struct, ILane<V>
    {
        v = _momentum * v + _gain * g;
        p -= _rate * v;
    }
}
