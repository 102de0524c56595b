namespace Optimizers;

/// <summary>The options of <see cref="Adam"/>.</summary>
public sealed record AdamOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in the paper and in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in the paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the second moment. At least 0, below 1; default 0.999, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added to the square root after bias correction. Finite, at least 0; default 1e-8, as in the paper.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in PyTorch; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <summary>Whether to divide by the largest second moment so far (Reddi et al. 2018). Default false.</summary>
    public bool AmsGrad { get; init; }

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    double? IOptimizerOptions.SchedulableMomentum => Beta1;

    void IOptimizerOptions.Validate() => AdamFormula.Validate(Beta1, Beta2, Epsilon);

    OptimizerDefinition IOptimizerOptions.Define() => AdamFormula.Define(Beta1, Beta2, Epsilon, AmsGrad);

    internal static NamedType Named { get; } = new NamedOptimizer<AdamOptions>(nameof(Adam), new AdamContract(), (n, o, t) => new Adam(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(AdamOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class AdamContract : JsonSerializerContext;

/// <summary>Adam: a running mean of the gradient, divided by the square root of a running mean of its square.</summary>
/// <remarks>
/// <para>Kingma &amp; Ba 2015, arXiv 1412.6980, algorithm 1; AMSGrad: Reddi, Kale &amp; Kumar 2018, arXiv 1904.09237,
/// algorithm 2.</para>
/// <code>
/// g ← g + λp
/// m ← β₁m + (1 − β₁)g
/// v ← β₂v + (1 − β₂)g²            AmsGrad: x ← max(x, v), which replaces v below
/// p ← p − η/(1 − β₁ᵗ) · m/(√(v/(1 − β₂ᵗ)) + ε)
/// </code>
/// <para>Weight decay is coupled, so it enters the moments; <see cref="AdamW"/> has decoupled weight decay. As in PyTorch,
/// AMSGrad takes the maximum before bias correction and corrects it with the current t. A quotient 0/0 gives no update.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_sq</c>), 12 with AmsGrad (<c>max_exp_avg_sq</c>). With
/// zero gradients the moments decay and the parameter stops moving. A NaN stays in the moments of its parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Adam(int length, AdamOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new AdamOptions(), threads, stateFormat);

/// <summary>The part that Adam and AdamW share: everything except the decay.</summary>
internal static class AdamFormula
{
    public static void Validate(double beta1, double beta2, double epsilon)
    {
        Require.Beta(beta1, nameof(AdamOptions.Beta1));
        Require.Beta(beta2, nameof(AdamOptions.Beta2));
        Require.NonNegative(epsilon, nameof(AdamOptions.Epsilon));
    }

    public static OptimizerDefinition Define(double beta1, double beta2, double epsilon, bool amsGrad)
    {
        var m = new StateSlot("exp_avg");
        var v = new StateSlot("exp_avg_sq") { NonNegative = true };
        return amsGrad
            ? OptimizerDefinition.Elementwise(
                step => new AmsGradRule(new AdamRule(step, beta1, beta2, epsilon)), m, v, new StateSlot("max_exp_avg_sq") { NonNegative = true })
            : OptimizerDefinition.Elementwise(step => new AdamRule(step, beta1, beta2, epsilon), m, v);
    }
}

/// <summary>m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²</summary>
internal readonly struct AdamMoments(double beta1, double beta2)
{
    private readonly float _gain1 = (float)(1 - beta1);
    private readonly float _beta2 = (float)beta2;
    private readonly float _gain2 = (float)(1 - beta2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Average<V>(V g, ref V m, ref V v)
        where V : struct, ILane<V>
    {
        First(g, ref m);
        Second(g, ref v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void First<V>(V g, ref V m)
        where V : struct, ILane<V> =>
        m += _gain1 * (g - m);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Second<V>(V g, ref V v)
        where V : struct, ILane<V> =>
        v = _beta2 * v + _gain2 * g * g;
}

/// <summary>p ← p − η/(1 − β₁ᵗ) · m/(√(v/(1 − β₂ᵗ)) + ε)</summary>
internal readonly struct AdamMove(StepScalars step, double beta1, double beta2, double epsilon)
{
    private readonly float _stepSize = (float)(step.LearningRate / step.MomentumCorrection(beta1));
    private readonly float _rootScale = (float)(1 / Math.Sqrt(step.BiasCorrection(beta2)));
    private readonly float _epsilon = (float)epsilon;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Move<V>(ref V p, V m, V v)
        where V : struct, ILane<V> =>
        p -= V.DivideOrZero(_stepSize * m, V.Sqrt(v) * _rootScale + _epsilon);
}

/// <summary>Updates Adam's moments, then the parameter.</summary>
internal readonly struct AdamRule(StepScalars step, double beta1, double beta2, double epsilon) : IUpdateRule2<AdamRule>
{
    private readonly AdamMoments _moments = new(step.MomentumOr(beta1), beta2);
    private readonly AdamMove _move = new(step, beta1, beta2, epsilon);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m, ref V v)
        where V : struct, ILane<V>
    {
        Average(g, ref m, ref v);
        Move(ref p, m, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Average<V>(V g, ref V m, ref V v)
        where V : struct, ILane<V> =>
        _moments.Average(g, ref m, ref v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Move<V>(ref V p, V m, V v)
        where V : struct, ILane<V> =>
        _move.Move(ref p, m, v);
}

/// <summary>Adam with x ← max(x, v) instead of v.</summary>
internal readonly struct AmsGradRule(AdamRule adam) : IUpdateRule3<AmsGradRule>
{
    private readonly AdamRule _adam = adam;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m, ref V v, ref V x)
        where V : struct, ILane<V>
    {
        _adam.Average(g, ref m, ref v);
        x = V.Max(x, v);
        _adam.Move(ref p, m, x);
    }
}
