namespace Optimizers;

/// <summary>The options of <see cref="Sophia"/>.</summary>
public sealed record SophiaOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 1e-4, a usual choice; the paper uses rates 3 to 8 times larger.</remarks>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>The decay rate β₁ of the mean of the gradient. At least 0, below 1; default 0.965, as in the authors’
    /// code.</summary>
    public double Beta1 { get; init; } = 0.965;

    /// <summary>The decay rate β₂ of the mean of the Hessian estimates. At least 0, below 1; default 0.99, as in the authors’
    /// code.</summary>
    public double Beta2 { get; init; } = 0.99;

    /// <summary>ε, the lower limit of the divisor. Finite, at least 0; default 1e-12, as in the paper.</summary>
    public double Epsilon { get; init; } = 1e-12;

    /// <summary>
    /// γ, the factor on the curvature. The smaller γ is, the more parameters move by the whole rate. Finite, above 0;
    /// default 0.01, as in the paper.
    /// </summary>
    public double Gamma { get; init; } = 0.01;

    /// <inheritdoc/>
    /// <remarks>Default 0.1, as in the authors’ code; decoupled.</remarks>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>
    /// The number of updates between two Hessian estimates; see <see cref="Sophia.NeedsHessian"/>. At least 1; default 10, as
    /// in the paper.
    /// </summary>
    public int HessianInterval { get; init; } = 10;

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecayForm.Decoupled;

    double IOptimizerOptions.SafeMagnitude => 1e30;

    void IOptimizerOptions.Validate()
    {
        AdamFormula.Validate(Beta1, Beta2, Epsilon);
        Require.Positive(Gamma);
        Require.AtLeast(HessianInterval, 1);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        step => new SophiaRule(step.LearningRate, this), new StateSlot("hessian"), new StateSlot("exp_avg"));

    internal static NamedType Named { get; } = new NamedOptimizer<SophiaOptions>(nameof(Sophia), new SophiaContract(), (n, o, t) => new Sophia(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(SophiaOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class SophiaContract : JsonSerializerContext;

/// <summary>Sophia: momentum divided by the curvature, clipped so that no parameter moves by more than the rate.</summary>
/// <remarks>
/// <para>Liu et al. 2023, arXiv 2305.14342, algorithm 3.</para>
/// <code>
/// m ← β₁m + (1 − β₁)g
/// h ← β₂h + (1 − β₂)ĥ             in UpdateHessian, before the step, every few updates
/// p ← p·(1 − ηλ)
/// p ← p − η·clip(m/max(γh, ε), −1, 1)
/// </code>
/// <para>Compute ĥ, an estimate of the diagonal of the Hessian, with <see cref="HessianDiagonal"/>. The estimate needs
/// products with the Hessian, or gradients with labels that are drawn from the model. If h is not positive, the step is the
/// whole rate against the sign of m. As in the paper, there is no bias correction.</para>
/// <para>State: 8 bytes per parameter (<c>hessian</c>, <c>exp_avg</c>). With zero gradients m falls to 0, and then only decay
/// moves the parameter. A NaN stays in the state of its parameter. A NaN in m stops the parameter; a NaN in h makes the
/// parameter move by the whole rate.</para>
/// </remarks>
/// <example>
/// <code>
/// if (optimizer.NeedsHessian)
/// {
///     HessianDiagonal.GaussNewtonBartlett(gradientsOfSampledLabels, batch, estimate);
///     optimizer.UpdateHessian(estimate);
/// }
///
/// optimizer.Step(parameters, gradients);
/// </code>
/// </example>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Sophia(int length, SophiaOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new SophiaOptions(), threads, stateFormat)
{
    /// <summary>
    /// Whether an estimate is due before the next update: before the first update, and then after every HessianInterval updates.
    /// </summary>
    public bool NeedsHessian => State.Iteration % Hyperparameters.HessianInterval == 0;

    /// <summary>Adds an estimate of the diagonal of the Hessian to the running mean, before the next step.</summary>
    /// <param name="estimate">The estimate, with as many elements as the parameters; elements may be negative.</param>
    /// <exception cref="ArgumentException">The length differs from the optimizer's, or the estimate is the optimizer's own state.
    /// Nothing has changed.</exception>
    public void UpdateHessian(ReadOnlySpan<float> estimate) =>
        SingleTensorPass.Feed(new HessianRule(Hyperparameters.Beta2), State, estimate);

    private SophiaOptions Hyperparameters => (SophiaOptions)Options;
}

/// <summary>Passes Hessian estimates to <see cref="Sophia"/> in a model.</summary>
public static class SophiaExtensions
{
    /// <summary>Whether to call <c>UpdateHessian</c> for a parameter before its next update; see
    /// <see cref="Sophia.NeedsHessian"/>.</summary>
    /// <param name="optimizer">The optimizer of the model.</param>
    /// <param name="name">The name of a parameter whose group has <see cref="SophiaOptions"/>.</param>
    /// <exception cref="ArgumentException">There is no such parameter, or another optimizer updates it.</exception>
    public static bool NeedsHessian(this ModelOptimizer optimizer, string name)
    {
        (OptimizerState state, SophiaOptions options) = Find(optimizer, name);
        return state.Iteration % options.HessianInterval == 0;
    }

    /// <summary>Adds an estimate of the diagonal of a parameter's Hessian, before the next step; see
    /// <see cref="Sophia.UpdateHessian"/>.</summary>
    /// <param name="optimizer">The optimizer of the model.</param>
    /// <param name="name">The name of a parameter whose group has <see cref="SophiaOptions"/>.</param>
    /// <param name="estimate">The estimate, with as many elements as the parameter.</param>
    /// <exception cref="ArgumentException">There is no such parameter, another optimizer updates it, or the length differs from
    /// the parameter's. Nothing has changed.</exception>
    public static void UpdateHessian(this ModelOptimizer optimizer, string name, ReadOnlySpan<float> estimate)
    {
        (OptimizerState state, SophiaOptions options) = Find(optimizer, name);
        SingleTensorPass.Feed(new HessianRule(options.Beta2), state, estimate);
    }

    private static (OptimizerState State, SophiaOptions Options) Find(ModelOptimizer optimizer, string name)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        OptimizerState state = optimizer.StateOf(name);
        return optimizer.OptionsOf(name) is SophiaOptions options
            ? (state, options)
            : throw new ArgumentException(
                $"The parameter {Quoted.Name(name)} is updated by {TextTable.OptimizerOf(optimizer.OptionsOf(name))}, not by {nameof(Sophia)}, so it has no Hessian. Name a parameter whose group has {nameof(SophiaOptions)}.",
                nameof(name));
    }
}

/// <summary>m ← β₁m + (1 − β₁)g, p ← p − η·clip(m/max(γh, ε), −1, 1)</summary>
internal readonly struct SophiaRule(double rate, SophiaOptions options) : IUpdateRule2<SophiaRule>
{
    private readonly float _rate = (float)rate;
    private readonly float _gain1 = (float)(1 - options.Beta1);
    private readonly float _gamma = (float)options.Gamma;
    private readonly float _epsilon = (float)options.Epsilon;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V h, ref V m)
        where V : struct, ILane<V>
    {
        m += _gain1 * (g - m);
        V limit = V.Max(_gamma * h, V.Splat(_epsilon));
        p -= _rate * V.IfLess(V.Abs(m), limit, m / limit, V.Sign(m));
    }
}

/// <summary>h ← β₂h + (1 − β₂)ĥ; the estimate is passed as the gradient.</summary>
internal readonly struct HessianRule(double beta2) : IUpdateRule1<HessianRule>
{
    private readonly float _gain2 = (float)(1 - beta2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V estimate, ref V unused, ref V h)
        where V : struct, ILane<V> =>
        h += _gain2 * (estimate - h);
}
