namespace Optimizers;

/// <summary>The options of <see cref="Rprop"/>.</summary>
public sealed record RpropOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>The first rate above 0 is the initial step size of every parameter. Later rates have no effect, except that
    /// no parameter moves at a rate of 0. Default 0.01, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>
    /// The factor on the step size after the gradient has changed its sign. At least 0, below 1; default 0.5, as in the paper.
    /// </summary>
    public double EtaMinus { get; init; } = 0.5;

    /// <summary>
    /// The factor on the step size while the gradient keeps its sign. Finite, at least 1; default 1.2, as in the paper.
    /// </summary>
    public double EtaPlus { get; init; } = 1.2;

    /// <summary>The smallest step size. Finite, at least 0; default 1e-6, as in the paper. A value below 1.2e-37, the smallest
    /// number in a state, is raised to that number.</summary>
    public double MinimumStep { get; init; } = 1e-6;

    /// <summary>The largest step size. Finite, above 0, at least <see cref="MinimumStep"/>; default 50, as in the paper.</summary>
    public double MaximumStep { get; init; } = 50;

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    double IOptimizerOptions.SafeMagnitude => 1e30;

    void IOptimizerOptions.Validate()
    {
        Require.Beta(EtaMinus);
        Require.AtLeast(EtaPlus, 1);
        Require.NonNegative(MinimumStep);
        Require.Positive(MaximumStep);
        Require.AtLeastOther(MaximumStep, MinimumStep);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        step => new RpropRule(step, this), new StateSlot("prev"), new StateSlot("step_size") { NonNegative = true });

    internal static NamedType Named { get; } = new NamedOptimizer<RpropOptions>(nameof(Rprop), new RpropContract(), (n, o, t) => new Rprop(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(RpropOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class RpropContract : JsonSerializerContext;

/// <summary>Rprop: every parameter has its own step size, which depends only on the signs of the gradients.</summary>
/// <remarks>
/// <para>Riedmiller &amp; Braun 1993, doi:10.1109/ICNN.1993.298623; the form without backtracking, for gradients of the whole
/// data set.</para>
/// <code>
/// c = sign(g)·sign(prev)
/// s ← s·(c &gt; 0: EtaPlus, c &lt; 0: EtaMinus, else 1), within [MinimumStep, MaximumStep]
/// s = η and prev = 0 before the first update at a rate η above 0
/// c &lt; 0: g ← 0
/// p ← p − sign(g)·s
/// prev ← g
/// </code>
/// <para>This is PyTorch's form, but it compares the signs of the gradients. PyTorch multiplies the gradients, and the
/// product may underflow. A parameter does not move in an update in which its gradient has changed its sign, and the update
/// after that does not change s. The paper has no weight decay; a group may set one, which is coupled.</para>
/// <para>During a warmup from 0, updates at a rate of 0 before the first rate above 0 leave the state at its initial value, 0.
/// PyTorch uses the 0 as a step size, and so starts at MinimumStep.</para>
/// <para>State: 8 bytes per parameter (<c>prev</c>, <c>step_size</c>). With a zero gradient or a NaN, neither the parameter
/// nor s changes; the next update treats its gradient as the first one.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Rprop(int length, RpropOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new RpropOptions(), threads, stateFormat);

/// <summary>s ← s·(EtaPlus, 1 or EtaMinus) within its bounds, p ← p − sign(g)·s</summary>
internal readonly struct RpropRule(StepScalars step, RpropOptions options) : IUpdateRule2<RpropRule>
{
    private readonly float _start = (float)step.LearningRate;
    private readonly float _etaMinus = (float)options.EtaMinus;
    private readonly float _etaPlus = (float)options.EtaPlus;

    // A step size of 0 means that no rate was above 0 yet, so a step size must not fall to 0 or be flushed to 0.
    private readonly float _minimum = Math.Max((float)options.MinimumStep, EveryUpdate.Value);
    private readonly float _maximum = Math.Max((float)options.MaximumStep, EveryUpdate.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V previous, ref V s)
        where V : struct, ILane<V>
    {
        V zero = V.Splat(0);
        V before = V.IfEqual(s, zero, V.Splat(_start), s);
        V agreement = V.Sign(g) * V.Sign(previous);
        V factor = V.IfLess(zero, agreement, V.Splat(_etaPlus), V.IfLess(agreement, zero, V.Splat(_etaMinus), V.Splat(1)));
        s = V.IfEqual(before, zero, zero, V.Min(V.Max(before * factor, V.Splat(_minimum)), V.Splat(_maximum)));
        previous = V.IfEqual(before, zero, zero, V.IfLess(agreement, zero, zero, g));
        p -= V.Sign(previous) * s;
    }
}
