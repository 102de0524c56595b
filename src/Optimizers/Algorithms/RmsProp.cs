namespace Optimizers;

/// <summary>The options of <see cref="RmsProp"/>.</summary>
public sealed record RmsPropOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.01, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>
    /// The decay rate ρ of the mean square. At least 0, below 1; default 0.99, as in PyTorch (0.9 in the lecture).
    /// </summary>
    public double Rho { get; init; } = 0.99;

    /// <summary>ε, added to the square root, or inside it with <see cref="EpsilonInsideSquareRoot"/>. Finite, at least 0;
    /// default 1e-8, as in PyTorch.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in PyTorch; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <summary>
    /// The momentum μ: the factor on the old velocity; 0 for no velocity. Finite, at least 0; default 0, as in PyTorch.
    /// </summary>
    public double Momentum { get; init; }

    /// <summary>Whether to divide by the standard deviation instead of the root mean square. Default false, as in
    /// PyTorch.</summary>
    public bool Centered { get; init; }

    /// <summary>Whether ε is added inside the square root (optax, TensorFlow) instead of to it (PyTorch). Default
    /// false.</summary>
    public bool EpsilonInsideSquareRoot { get; init; }

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    double? IOptimizerOptions.SchedulableMomentum => Momentum > 0 ? Momentum : null;

    void IOptimizerOptions.Validate()
    {
        Require.Beta(Rho);
        Require.NonNegative(Epsilon);
        Require.NonNegative(Momentum);
    }

    OptimizerDefinition IOptimizerOptions.Define()
    {
        var v = new StateSlot("square_avg") { NonNegative = true };
        var m = new StateSlot("grad_avg");
        var b = new StateSlot("momentum_buffer");
        return (Centered, Momentum > 0) switch
        {
            (false, false) => OptimizerDefinition.Elementwise(step => new RmsPropRule(new(this, step)), v),
            (true, false) => OptimizerDefinition.Elementwise(step => new CenteredRmsPropRule(new(this, step)), v, m),
            (false, true) => OptimizerDefinition.Elementwise(step => new MomentumRmsPropRule(new(this, step)), v, b),
            (true, true) => OptimizerDefinition.Elementwise(step => new CenteredMomentumRmsPropRule(new(this, step)), v, m, b),
        };
    }

    internal static NamedType Named { get; } = new NamedOptimizer<RmsPropOptions>(nameof(RmsProp), new RmsPropContract(), (n, o, t) => new RmsProp(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(RmsPropOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class RmsPropContract : JsonSerializerContext;

/// <summary>RMSprop: the gradient divided by its running root mean square.</summary>
/// <remarks>
/// <para>Tieleman &amp; Hinton 2012, Neural Networks for Machine Learning, lecture 6.5; centred: Graves 2013,
/// arXiv 1308.0850, section 4.2.</para>
/// <code>
/// g ← g + λp
/// v ← ρv + (1 − ρ)g²
/// d = √v + ε                      Centered: m ← ρm + (1 − ρ)g, d = √(v − m²) + ε
/// u = g/d                         with Momentum: b ← μb + g/d, u = b
/// p ← p − ηu
/// </code>
/// <para>As in PyTorch, the rate is outside the velocity, and there is no bias correction. Unlike PyTorch, v − m² is
/// clamped at 0, because rounding could make it negative and its square root NaN. A quotient 0/0 gives no update.</para>
/// <para>State: 4 bytes per parameter (<c>square_avg</c>), 4 more with Centered (<c>grad_avg</c>) and 4 more with Momentum
/// (<c>momentum_buffer</c>). With a zero gradient only decay and velocity move the parameter. A NaN stays in the state of its
/// parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class RmsProp(int length, RmsPropOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new RmsPropOptions(), threads, stateFormat);

/// <summary>The parts that the four rules share.</summary>
internal readonly struct RmsPropFormula(RmsPropOptions options, StepScalars step)
{
    private readonly float _rate = (float)step.LearningRate;
    private readonly float _rho = (float)options.Rho;
    private readonly float _gain = (float)(1 - options.Rho);
    private readonly float _momentum = (float)step.MomentumOr(options.Momentum);
    private readonly float _inside = (float)(options.EpsilonInsideSquareRoot ? options.Epsilon : 0);
    private readonly float _outside = (float)(options.EpsilonInsideSquareRoot ? 0 : options.Epsilon);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V MeanSquare<V>(V g, V v)
        where V : struct, ILane<V> =>
        _rho * v + _gain * g * g;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Variance<V>(V g, V v, ref V m)
        where V : struct, ILane<V>
    {
        m += _gain * (g - m);
        return V.Max(v - m * m, V.Splat(0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Direction<V>(V g, V v)
        where V : struct, ILane<V> =>
        V.DivideOrZero(g, V.Sqrt(v + _inside) + _outside);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Velocity<V>(V b, V u)
        where V : struct, ILane<V> =>
        _momentum * b + u;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Move<V>(V u)
        where V : struct, ILane<V> =>
        _rate * u;
}

internal readonly struct RmsPropRule(RmsPropFormula f) : IUpdateRule1<RmsPropRule>
{
    private readonly RmsPropFormula _f = f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V v)
        where V : struct, ILane<V>
    {
        v = _f.MeanSquare(g, v);
        p -= _f.Move(_f.Direction(g, v));
    }
}

internal readonly struct CenteredRmsPropRule(RmsPropFormula f) : IUpdateRule2<CenteredRmsPropRule>
{
    private readonly RmsPropFormula _f = f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V v, ref V m)
        where V : struct, ILane<V>
    {
        v = _f.MeanSquare(g, v);
        p -= _f.Move(_f.Direction(g, _f.Variance(g, v, ref m)));
    }
}

internal readonly struct MomentumRmsPropRule(RmsPropFormula f) : IUpdateRule2<MomentumRmsPropRule>
{
    private readonly RmsPropFormula _f = f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V v, ref V b)
        where V : struct, ILane<V>
    {
        v = _f.MeanSquare(g, v);
        b = _f.Velocity(b, _f.Direction(g, v));
        p -= _f.Move(b);
    }
}

internal readonly struct CenteredMomentumRmsPropRule(RmsPropFormula f) : IUpdateRule3<CenteredMomentumRmsPropRule>
{
    private readonly RmsPropFormula _f = f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V v, ref V m, ref V b)
        where V : struct, ILane<V>
    {
        v = _f.MeanSquare(g, v);
        b = _f.Velocity(b, _f.Direction(g, _f.Variance(g, v, ref m)));
        p -= _f.Move(b);
    }
}
