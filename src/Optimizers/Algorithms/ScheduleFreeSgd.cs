namespace Optimizers;

/// <summary>The options of <see cref="ScheduleFreeSgd"/>.</summary>
public sealed record ScheduleFreeSgdOptions : IScheduleFreeOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 1, as in the authors’ code.</remarks>
    public double LearningRate { get; init; } = 1;

    /// <summary>
    /// The weight β of the average x in the point y at which gradients are computed. Above 0, below 1; default 0.9, as in the
    /// paper.
    /// </summary>
    public double Momentum { get; init; } = 0.9;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in the authors’ code; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <summary>
    /// The number of updates over which the rate grows linearly from 0; 0 for no warmup. At least 0; default 0, as in the
    /// authors’ code.
    /// </summary>
    public long WarmupSteps { get; init; }

    /// <summary>
    /// The exponent of t in w, the weight of update t in the average. Finite, at least 0; default 0, as in the authors’ code.
    /// </summary>
    public double R { get; init; }

    /// <summary>The exponent of the largest rate so far in w. Finite, at least 0; default 2, as in the paper.</summary>
    public double WeightLrPower { get; init; } = 2;

    double IScheduleFreeOptions.Interpolation => Momentum;

    double IOptimizerOptions.SafeMagnitude => 1e30;

    void IOptimizerOptions.Validate()
    {
        Require.Beta(Momentum);
        Require.Positive(Momentum);
        ScheduleFreePoints.Validate(this);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        (step, scalars) => new ScheduleFreeSgdRule(new(step, scalars, this)),
        ScheduleFreePoints.Scalars,
        new StateSlot("z") { FullPrecision = true });

    internal static NamedType Named { get; } = new NamedOptimizer<ScheduleFreeSgdOptions>(nameof(ScheduleFreeSgd), new ScheduleFreeSgdContract(), (n, o, t) => new ScheduleFreeSgd(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(ScheduleFreeSgdOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ScheduleFreeSgdContract : JsonSerializerContext;

/// <summary>Schedule-free gradient descent: uses a constant rate, and an average of the parameters instead of a
/// schedule.</summary>
/// <remarks>
/// <para>Defazio et al. 2024, arXiv 2405.15682, equations 1 to 3.</para>
/// <code>
/// g ← g + λy
/// z ← z − ηg                      z = x = y at the start
/// x ← (1 − c)x + cz
/// y ← (1 − β)z + βx
/// </code>
/// <para>c = w/Σw with the weight w = t^R·(largest η so far)^WeightLrPower, so the first c is 1. As in the authors' code, x is
/// not stored but computed from y and z. Weight decay uses the parameters at y. The momentum must be above 0, because x
/// could not be computed otherwise. At rate 0 neither the parameters nor the average change. A step at the evaluation point
/// throws.</para>
/// <para>State: 4 bytes per parameter (<c>z</c>), and the scalars <c>weight_sum</c>, <c>lr_max</c> and <c>evaluating</c> for
/// each tensor. With a zero gradient z does not change, and y approaches z. A NaN makes its parameter NaN.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class ScheduleFreeSgd(
    int length, ScheduleFreeSgdOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : ScheduleFreeOptimizer(length, options ?? new ScheduleFreeSgdOptions(), threads, stateFormat);

/// <summary>Uses the gradient itself as the direction.</summary>
internal readonly struct ScheduleFreeSgdRule(ScheduleFreeMove move) : IUpdateRule1<ScheduleFreeSgdRule>
{
    private readonly ScheduleFreeMove _move = move;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V z)
        where V : struct, ILane<V> =>
        _move.Move(g, ref p, ref z);
}
