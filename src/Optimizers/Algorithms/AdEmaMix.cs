namespace Optimizers;

/// <summary>The options of <see cref="AdEmaMix"/>.</summary>
public sealed record AdEmaMixOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in optax.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>The decay rate β₁ of the first moment. At least 0, below 1; default 0.9, as in the paper.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay rate β₂ of the second moment. At least 0, below 1; default 0.999, as in the paper.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>
    /// The decay rate β₃ of the slow mean. At least 0, below 1; above 0 if <see cref="WarmupSteps"/> is set. Default 0.9999,
    /// as in the paper.
    /// </summary>
    public double Beta3 { get; init; } = 0.9999;

    /// <summary>The weight α of the slow mean in the update. Finite, at least 0; default 5, as in optax (4 to 10 in the
    /// paper).</summary>
    public double Alpha { get; init; } = 5;

    /// <summary>ε, added to the square root after bias correction. Finite, at least 0; default 1e-8, as in the paper.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in optax; decoupled.</remarks>
    public double WeightDecay { get; init; }

    /// <summary>
    /// The number of updates T over which α grows from 0 to its value and β₃ from β₁ to its value; 0 for no warmup. At least 0;
    /// default 0. The paper recommends the length of the run.
    /// </summary>
    public long WarmupSteps { get; init; }

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecayForm.Decoupled;

    void IOptimizerOptions.Validate()
    {
        AdamFormula.Validate(Beta1, Beta2, Epsilon);
        Require.Beta(Beta3);
        Require.NonNegative(Alpha);
        Require.AtLeast(WarmupSteps, 0);
        if (WarmupSteps > 0 && Beta3 == 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(Beta3), Beta3, $"{nameof(Beta3)} is {Beta3}, but must be above 0 because {nameof(WarmupSteps)} is {WarmupSteps}.");
        }
    }

    OptimizerDefinition IOptimizerOptions.Define()
    {
        // The result is 0 for β₁ = 0, because the logarithm of 0 is infinite.
        double ratio = WarmupSteps > 0 && Beta1 > 0 ? Powers.Log(Beta3) / Powers.Log(Beta1) : 0;
        return OptimizerDefinition.Elementwise(
            step =>
            {
                double warmth = step.Iteration < WarmupSteps ? (double)step.Iteration / WarmupSteps : 1;
                double beta3 = warmth < 1 ? Powers.Of(Beta3, 1 / (warmth + ((1 - warmth) * ratio))) : Beta3;
                return new AdEmaMixRule(step, this, beta3, Alpha * warmth);
            },
            new StateSlot("exp_avg"),
            new StateSlot("exp_avg_slow"),
            new StateSlot("exp_avg_sq") { NonNegative = true });
    }

    internal static NamedType Named { get; } = new NamedOptimizer<AdEmaMixOptions>(nameof(AdEmaMix), new AdEmaMixContract(), (n, o, t) => new AdEmaMix(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(AdEmaMixOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class AdEmaMixContract : JsonSerializerContext;

/// <summary>AdEMAMix: AdamW with a second, slow mean of the gradient that covers tens of thousands of updates.</summary>
/// <remarks>
/// <para>Pagliardini, Ablin &amp; Grangier 2024, arXiv 2409.03137, algorithm 1.</para>
/// <code>
/// p ← p·(1 − ηλ)
/// m ← β₁m + (1 − β₁)g, s ← β₃s + (1 − β₃)g, v ← β₂v + (1 − β₂)g²
/// p ← p − η·(m/(1 − β₁ᵗ) + αs)/(√(v/(1 − β₂ᵗ)) + ε)
/// WarmupSteps T, while t &lt; T: α·t/T replaces α, and 1/ln β₃ rises linearly from 1/ln β₁ at t = 0
/// </code>
/// <para>As in the paper, the slow mean has no bias correction. A quotient 0/0 gives no update.</para>
/// <para>State: 12 bytes per parameter (<c>exp_avg</c>, <c>exp_avg_slow</c>, <c>exp_avg_sq</c>). With zero gradients the slow
/// mean keeps moving the parameter, because v decays faster than the slow mean. A NaN stays in the moments of its
/// parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class AdEmaMix(int length, AdEmaMixOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new AdEmaMixOptions(), threads, stateFormat);

/// <summary>Updates Adam's moments and s ← β₃s + (1 − β₃)g, then p ← p − η(m̂ + αs)/(√v̂ + ε)</summary>
internal readonly struct AdEmaMixRule(StepScalars step, AdEmaMixOptions options, double beta3, double alpha)
    : IUpdateRule3<AdEmaMixRule>
{
    private readonly AdamMoments _moments = new(options.Beta1, options.Beta2);
    private readonly AdamMove _move = new(step, options.Beta1, options.Beta2, options.Epsilon);
    private readonly float _gain3 = (float)(1 - beta3);

    // The move divides its whole input by the bias correction of β₁, so α is multiplied by this correction first.
    private readonly float _alpha = (float)(alpha * step.BiasCorrection(options.Beta1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V m, ref V s, ref V v)
        where V : struct, ILane<V>
    {
        _moments.Average(g, ref m, ref v);
        s += _gain3 * (g - s);
        _move.Move(ref p, m + _alpha * s, v);
    }
}
