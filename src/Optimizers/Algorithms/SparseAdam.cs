namespace Optimizers;

/// <summary>The options of <see cref="SparseAdam"/>.</summary>
public sealed record SparseAdamOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The weight β₁ that the first moment keeps of itself. At least 0, below 1; default 0.9, as in PyTorch.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The weight β₂ that the second moment keeps of itself. At least 0, below 1; default 0.999, as in PyTorch.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added to the root before bias correction. Finite, at least 0; default 1e-8, as in PyTorch.</summary>
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

/// <summary>Adam for tables of which a step touches some rows: the others do not move, and their moments do not fade.</summary>
/// <remarks>
/// <para>Kingma &amp; Ba 2015, arXiv 1412.6980, algorithm 1, as PyTorch has it for sparse gradients.</para>
/// <code>
/// of the rows that have a gradient:
/// m ← β₁m + (1 − β₁)g
/// v ← β₂v + (1 − β₂)g²
/// p ← p − η·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√v + ε)
/// </code>
/// <para>t counts the updates of the table, not those of a row, and ε joins the root before bias correction: both are PyTorch's,
/// and the paper's has ε after it. Where all rows have a gradient, as in a step with gradients for every element, which PyTorch
/// refuses, it is Adam but for ε. There is no weight decay. 0/0 is no step.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_sq</c>). A zero gradient is a gradient: its row moves on and its
/// moments fade; a NaN stays in its parameter's moments.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null: the defaults.</param>
/// <param name="threads">The number of threads a step uses at most; 0: as many as there are processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class SparseAdam(
    int length, SparseAdamOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new SparseAdamOptions(), threads, stateFormat);

/// <summary>Adam's moments, and a move with ε before bias correction.</summary>
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
