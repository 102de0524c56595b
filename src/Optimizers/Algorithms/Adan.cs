namespace Optimizers;

/// <summary>The options of <see cref="Adan"/>.</summary>
public sealed record AdanOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in the authors’ code.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The decay rate β₁ of the mean of the gradient. At least 0, below 1; default 0.98, as in the authors’
    /// code.</summary>
    public double Beta1 { get; init; } = 0.98;

    /// <summary>
    /// The decay rate β₂ of the mean of the gradient's differences. At least 0, below 1; default 0.92, as in the authors’ code.
    /// </summary>
    public double Beta2 { get; init; } = 0.92;

    /// <summary>The decay rate β₃ of the mean square. At least 0, below 1; default 0.99, as in the authors’ code.</summary>
    public double Beta3 { get; init; } = 0.99;

    /// <summary>ε, added to the square root after bias correction. Finite, at least 0; default 1e-8, as in the authors’ code.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Added inside the square root after bias correction. Finite, at least 0; default 0 (1e-8 in optax).</summary>
    public double EpsilonRoot { get; init; }

    /// <inheritdoc/>
    /// <remarks>Default 0, as in the authors’ code.</remarks>
    public double WeightDecay { get; init; }

    /// <summary>
    /// Whether weight decay is p ← p·(1 − ηλ) before the step. If false, it is p ← p/(1 + ηλ) after the step. Default false,
    /// as in the paper.
    /// </summary>
    public bool DecoupledWeightDecay { get; init; }

    /// <inheritdoc/>
    /// <remarks>Needs <see cref="DecoupledWeightDecay"/>, because the other form of decay shrinks the parameter after its
    /// update.</remarks>
    public bool Cautious { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecoupledWeightDecay ? DecayForm.Decoupled : DecayForm.InRule;

    void IOptimizerOptions.Validate()
    {
        AdamFormula.Validate(Beta1, Beta2, Epsilon);
        Require.Beta(Beta3);
        Require.NonNegative(EpsilonRoot);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        step => new AdanRule(step, this),
        new StateSlot("exp_avg"),
        new StateSlot("exp_avg_diff"),
        new StateSlot("exp_avg_sq") { NonNegative = true },
        new StateSlot("previous_grad"));

    internal static NamedType Named { get; } = new NamedOptimizer<AdanOptions>(nameof(Adan), new AdanContract(), (n, o, t) => new Adan(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(AdanOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class AdanContract : JsonSerializerContext;

/// <summary>Adan: Adam with Nesterov momentum, estimated from the differences of successive gradients.</summary>
/// <remarks>
/// <para>Xie et al. 2022, arXiv 2208.06677, algorithm 1; each β here is 1 − β in the paper.</para>
/// <code>
/// d = g − previous g, 0 at the first update
/// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)d, n ← β₃n + (1 − β₃)(g + β₂d)²
/// u = (m/(1 − β₁ᵗ) + β₂·v/(1 − β₂ᵗ)) / (√(n/(1 − β₃ᵗ) + EpsilonRoot) + ε)
/// p ← (p − ηu)/(1 + ηλ)           DecoupledWeightDecay: p ← p·(1 − ηλ) − ηu
/// </code>
/// <para>The bias corrections are the same as in the authors' code. A quotient 0/0 gives no update.</para>
/// <para>State: 16 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_diff</c>, <c>exp_avg_sq</c>, <c>previous_grad</c>). With
/// zero gradients the moments fall to 0, and then only decay moves the parameter. A NaN stays in the state of its
/// parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Adan(int length, AdanOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new AdanOptions(), threads, stateFormat);

/// <summary>m, v, n: means of g, d, (g + β₂d)²; p ← (p − η(a·m + b·v)/(√n̂ + ε))·k</summary>
internal readonly struct AdanRule(StepScalars step, AdanOptions options) : IUpdateRule4<AdanRule>
{
    private readonly float _gain1 = (float)(1 - options.Beta1);
    private readonly float _beta2 = (float)options.Beta2;
    private readonly float _gain2 = (float)(1 - options.Beta2);
    private readonly float _beta3 = (float)options.Beta3;
    private readonly float _gain3 = (float)(1 - options.Beta3);
    private readonly float _ofDifference = step.Iteration == 1 ? 0 : 1;
    private readonly float _ofMean = (float)(step.LearningRate / step.BiasCorrection(options.Beta1));
    private readonly float _ofMeanDifference = (float)(step.LearningRate * options.Beta2 / step.BiasCorrection(options.Beta2));
    private readonly float _squareScale = (float)(1 / step.BiasCorrection(options.Beta3));
    private readonly float _epsilonRoot = (float)options.EpsilonRoot;
    private readonly float _epsilon = (float)options.Epsilon;
    private readonly float _factor =
        options.DecoupledWeightDecay ? 1 : (float)(1 / (1 + (step.LearningRate * step.WeightDecay)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m, ref V v, ref V n, ref V previous)
        where V : struct, ILane<V>
    {
        V d = _ofDifference * (g - previous);
        V ahead = g + _beta2 * d;
        previous = g;
        m += _gain1 * (g - m);
        v += _gain2 * (d - v);
        n = _beta3 * n + _gain3 * ahead * ahead;
        V root = V.Sqrt(n * _squareScale + _epsilonRoot) + _epsilon;
        p -= V.DivideOrZero(_ofMean * m + _ofMeanDifference * v, root);
        p *= _factor;
    }
}
