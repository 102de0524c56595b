namespace Optimizers;

/// <summary>The options of <see cref="Sophia"/>.</summary>
public sealed record SophiaOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 1e-4, a usual choice; the paper has 3 to 8 times that.</remarks>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>The weight β₁ that the mean of the gradient keeps of itself. At least 0, below 1; default 0.965, as in the authors’ code.</summary>
    public double Beta1 { get; init; } = 0.965;

    /// <summary>The weight β₂ that the mean of the estimates keeps of itself. At least 0, below 1; default 0.99, as in the authors’ code.</summary>
    public double Beta2 { get; init; } = 0.99;

    /// <summary>ε, the smallest divisor. Finite, at least 0; default 1e-12, as in the paper.</summary>
    public double Epsilon { get; init; } = 1e-12;

    /// <summary>γ, by which the curvature is multiplied: the smaller, the more parameters move by the whole rate. Finite, above 0; default 0.01, as in the paper.</summary>
    public double Gamma { get; init; } = 0.01;

    /// <inheritdoc/>
    /// <remarks>Default 0.1, as in the authors’ code; decoupled.</remarks>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Every how many updates <see cref="Sophia.NeedsHessian"/> asks for an estimate. At least 1; default 10, as in the paper.</summary>
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

/// <summary>Sophia: momentum divided by the curvature, and clipped so that nothing moves by more than the rate.</summary>
/// <remarks>
/// <para>Liu et al. 2023, arXiv 2305.14342, algorithm 3.</para>
/// <code>
/// m ← β₁m + (1 − β₁)g
/// h ← β₂h + (1 − β₂)ĥ             in UpdateHessian, before the step, every few updates
/// p ← p·(1 − ηλ)
/// p ← p − η·clip(m/max(γh, ε), −1, 1)
/// </code>
/// <para>You compute ĥ, an estimate of the Hessian's diagonal, with <see cref="HessianDiagonal"/> from products with the
/// Hessian or from gradients against labels that the model draws. Where h is not positive, the step is the whole rate along
/// the sign of m. No bias is corrected, as in the paper.</para>
/// <para>State: 8 bytes per parameter (<c>hessian</c>, <c>exp_avg</c>). With zero gradients m fades, and only decay goes on
/// then; a NaN stays in its parameter's state: in m it stops the parameter, in h it has it move by the whole rate.</para>
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
/// <param name="options">The hyperparameters; null: the defaults.</param>
/// <param name="threads">The number of threads a step uses at most; 0: as many as there are processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Sophia(int length, SophiaOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new SophiaOptions(), threads, stateFormat)
{
    /// <summary>Whether the next update is one of those, the first included, before which an estimate is due.</summary>
    public bool NeedsHessian => State.Iteration % Hyperparameters.HessianInterval == 0;

    /// <summary>Takes an estimate of the Hessian's diagonal for the next step.</summary>
    /// <param name="estimate">The estimate, as long as the parameters; it may have negative elements.</param>
    /// <exception cref="ArgumentException">The length is not the optimizer's, or the estimate is the optimizer's own state.
    /// Nothing has changed then.</exception>
    public void UpdateHessian(ReadOnlySpan<float> estimate) =>
        SingleTensorPass.Feed(new HessianRule(Hyperparameters.Beta2), State, estimate);

    private SophiaOptions Hyperparameters => (SophiaOptions)Options;
}

/// <summary>Sophia in a model.</summary>
public static class SophiaExtensions
{
    /// <summary>Whether the next update of a parameter is one before which an estimate is due, as <see cref="Sophia.NeedsHessian"/>.</summary>
    /// <param name="optimizer">The optimizer of the model.</param>
    /// <param name="name">The name of a parameter that <see cref="SophiaOptions"/> update.</param>
    /// <exception cref="ArgumentException">There is no such parameter, or another optimizer updates it.</exception>
    public static bool NeedsHessian(this ModelOptimizer optimizer, string name)
    {
        (OptimizerState state, SophiaOptions options) = Find(optimizer, name);
        return state.Iteration % options.HessianInterval == 0;
    }

    /// <summary>Takes an estimate of the Hessian's diagonal for the next step, as <see cref="Sophia.UpdateHessian"/> does.</summary>
    /// <param name="optimizer">The optimizer of the model.</param>
    /// <param name="name">The name of a parameter that <see cref="SophiaOptions"/> update.</param>
    /// <param name="estimate">The estimate, as long as the parameter.</param>
    /// <exception cref="ArgumentException">There is no such parameter, another optimizer updates it, or the length is not
    /// its length. Nothing has changed then.</exception>
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
                $"The parameter {Quoted.Name(name)} is updated by {TextTable.OptimizerOf(optimizer.OptionsOf(name))}, not by {nameof(Sophia)}, and has no Hessian.",
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

/// <summary>h ← β₂h + (1 − β₂)ĥ, with the estimate in the place of the gradient.</summary>
internal readonly struct HessianRule(double beta2) : IUpdateRule1<HessianRule>
{
    private readonly float _gain2 = (float)(1 - beta2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V estimate, ref V unused, ref V h)
        where V : struct, ILane<V> =>
        h += _gain2 * (estimate - h);
}
