namespace Optimizers;

/// <summary>The options of <see cref="AdamW"/>.</summary>
public sealed record AdamWOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in the paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the second moment. At least 0, below 1; default 0.999, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added to the square root after bias correction. Finite, at least 0; default 1e-8, as in the paper.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    /// <remarks>Default 0.01, as in PyTorch; decoupled.</remarks>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Whether to divide by the largest second moment so far (Reddi et al. 2018). Default false.</summary>
    public bool AmsGrad { get; init; }

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecayForm.Decoupled;

    double? IOptimizerOptions.SchedulableMomentum => Beta1;

    bool IOptimizerOptions.TakesRows => !Cautious;

    void IOptimizerOptions.Validate() => AdamFormula.Validate(Beta1, Beta2, Epsilon);

    OptimizerDefinition IOptimizerOptions.Define() => AdamFormula.Define(Beta1, Beta2, Epsilon, AmsGrad);

    internal static NamedType Named { get; } = new NamedOptimizer<AdamWOptions>(nameof(AdamW), new AdamWContract(), (n, o, t) => new AdamW(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(AdamWOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class AdamWContract : JsonSerializerContext;

/// <summary>Adam with decoupled weight decay.</summary>
/// <remarks>
/// <para>Loshchilov &amp; Hutter 2019, arXiv 1711.05101, algorithm 2.</para>
/// <code>
/// p ← p·(1 − ηλ)
/// m ← β₁m + (1 − β₁)g
/// v ← β₂v + (1 − β₂)g²            AmsGrad: x ← max(x, v), which replaces v below
/// p ← p − η/(1 − β₁ᵗ) · m/(√(v/(1 − β₂ᵗ)) + ε)
/// </code>
/// <para>As in PyTorch, the decay is multiplied by the learning rate of the step; the paper multiplies it only by the factor
/// of the schedule. A quotient 0/0 gives no update.</para>
/// <para>With gradients of some rows of a table, only these rows decay, move and update their moments, as with
/// <see cref="SparseAdam"/>; t is one count for the whole table. PyTorch's AdamW does not accept such gradients.</para>
/// <para>State: 8 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_sq</c>), 12 with AmsGrad (<c>max_exp_avg_sq</c>). With
/// zero gradients the moments fall to 0, and then only decay moves the parameter. A NaN stays in the moments of its
/// parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class AdamW(int length, AdamWOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new AdamWOptions(), threads, stateFormat);
