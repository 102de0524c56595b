namespace Optimizers;

/// <summary>The options of <see cref="SparseAdam"/>.</summary>
public sealed record SparseAdamOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in PyTorch.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the second moment. At least 0, below 1; default 0.999, as in PyTorch.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added to the square root before bias correction. Finite, at least 0; default 1e-8, as in PyTorch.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    double? IOptimizerOptions.SchedulableMomentum => Beta1;

    bool IOptimizerOptions.TakesRows => true;

    void IOptimizerOptions.Validate() => AdamFormula.Validate(Beta1, Beta2, Epsilon);

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        step => new SparseAdamRule(step, Beta1, Beta2, Epsilon),
        new StateSlot("exp_avg"),
        new StateSlot("exp_avg_sq") { NonNegative = true });

    internal static NamedType Named { get; } = new NamedOptimizer<SparseAdamOptions>(nameof(SparseAdam), new SparseAdamContract(), (n, o, t) => new SparseAdam(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(SparseAdamOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class SparseAdamContract : JsonSerializerContext;

/// <summary>Adam for embedding tables: only rows with a gradient move, and only their moments change.</summary>
/// <remarks>
/// <para>Kingma &amp; Ba 2015, arXiv 1412.6980, algorithm 1, in PyTorch's form for sparse gradients.</para>
/// <code>
/// for each row that has a gradient:
/// m ← β₁m + (1 − β₁)g
/// v ← β₂v + (1 − β₂)g²
/// p ← p − η·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√v + ε)
/// </code>
/// <para>As in PyTorch, t counts the updates of the table, not the updates of a row, and ε is added to the root before bias
/// correction; in the paper it is added after. If every element has a gradient, this is Adam except for ε. PyTorch's
/// SparseAdam does not accept such dense gradients. There is no weight decay. A quotient 0/0 gives no update.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_sq</c>). A row whose gradient is 0 also counts as a row
/// with a gradient: it keeps moving, and its moments decay. A NaN stays in the moments of its parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class SparseAdam(
    int length, SparseAdamOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new SparseAdamOptions(), threads, stateFormat);

/// <summary>Updates Adam's moments, then the parameter. ε is added to the root before bias correction.</summary>
internal readonly struct SparseAdamRule(StepScalars step, double beta1, double beta2, double epsilon)
    : IUpdateRule2<SparseAdamRule>
{
    private readonly AdamMoments _moments = new(step.MomentumOr(beta1), beta2);
    private readonly float _stepSize =
        (float)(step.LearningRate * Math.Sqrt(step.BiasCorrection(beta2)) / step.MomentumCorrection(beta1));

    private readonly float _epsilon = (float)epsilon;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m, ref V v)
        where V : struct, ILane<V>
    {
        _moments.Average(g, ref m, ref v);
        p -= V.DivideOrZero(_stepSize * m, V.Sqrt(v) + _epsilon);
    }
}
