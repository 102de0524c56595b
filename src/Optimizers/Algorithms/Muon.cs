namespace Optimizers;

/// <summary>The options of <see cref="Muon"/>.</summary>
public sealed record MuonOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <inheritdoc/>
    /// <remarks>Default 0.1, as in PyTorch; decoupled.</remarks>
    public double WeightDecay { get; init; } = 0.1;

    /// <inheritdoc/>
    public bool Cautious { get; init; }

    /// <summary>The decay rate μ of the average of gradients. At least 0, below 1; default 0.95, as in the authors’
    /// code.</summary>
    public double Momentum { get; init; } = 0.95;

    /// <summary>Whether the direction is (1 − μ)g + μb, with the new average b of the gradients (Nesterov momentum). If false, the
    /// direction is b. Default true, as in the authors’ code.</summary>
    public bool Nesterov { get; init; } = true;

    /// <summary>
    /// The number of Newton–Schulz iterations that make a direction orthogonal. At least 0, at most 99; default 5, as in the
    /// authors’ code.
    /// </summary>
    public int NewtonSchulzSteps { get; init; } = 5;

    /// <summary>ε. The direction is divided by its norm, or by ε if the norm is smaller. Finite, at least 0; default 1e-7, as in
    /// PyTorch.</summary>
    public double Epsilon { get; init; } = 1e-7;

    /// <summary>Selects the factor of the rate. The factor depends on the shape of the matrix. Default
    /// <see cref="RateAdjustment.Original"/>, as in PyTorch.</summary>
    public RateAdjustment RateAdjustment { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecayForm.Decoupled;

    double? IOptimizerOptions.SchedulableMomentum => Momentum;

    double IOptimizerOptions.SafeMagnitude => 1e30;

    void IOptimizerOptions.Validate()
    {
        Require.Beta(Momentum);
        Require.AtLeast(NewtonSchulzSteps, 0);
        Require.AtMost(NewtonSchulzSteps, 99);
        Require.NonNegative(Epsilon);
        Require.Defined(RateAdjustment);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.OfMatrices(
        step => new MuonRule(step, this), new NewtonSchulz(NewtonSchulzSteps, Epsilon), new StateSlot("momentum_buffer"));

    internal static NamedType Named { get; } = new NamedOptimizer<MuonOptions>(nameof(Muon), new MuonContract(), (s, o, t) => new Muon(s, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(MuonOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class MuonContract : JsonSerializerContext;

/// <summary>The factor by which <see cref="Muon"/> multiplies the rate of a matrix.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RateAdjustment>))]
public enum RateAdjustment
{
    /// <summary>√max(1, rows/columns): Jordan et al. 2024.</summary>
    Original,

    /// <summary>
    /// 0.2·√max(rows, columns). Steps then have the size of AdamW's, so Muon can use AdamW's rate: Liu et al. 2025, arXiv
    /// 2502.16982.
    /// </summary>
    MatchRmsAdamW,
}

/// <summary>Muon: orthogonalised momentum for the matrices of hidden layers. Use another optimizer for the rest of a
/// model.</summary>
/// <remarks>
/// <para>Jordan et al. 2024, kellerjordan.github.io/posts/muon, in PyTorch's form.</para>
/// <code>
/// b ← μb + (1 − μ)g
/// u = (1 − μ)g + μb               without Nesterov: u = b
/// X = u/max(‖u‖, ε), NewtonSchulzSteps times: A = XXᵀ, X ← 3.4445·X + (−4.7750·A + 2.0315·A²)X
/// p ← p·(1 − ηλ) − η·k·X           k: the factor of RateAdjustment
/// </code>
/// <para>A matrix with more rows than columns is transposed for the iteration. The iteration runs in float32; the authors and
/// PyTorch use bfloat16. Only tensors of two dimensions are accepted. ‖u‖ is summed in double; a direction of zeros gives no
/// update.</para>
/// <para>State: 4 bytes per parameter (<c>momentum_buffer</c>). A step needs another 4 bytes per parameter, and memory for
/// three matrices of the largest size. Checkpoints do not save this memory. With a zero gradient the average decays but its
/// direction stays, so steps keep their size. A NaN or an infinity in one element of the gradient makes all parameters of
/// the matrix NaN. In the average b, only that element is affected.</para>
/// </remarks>
/// <param name="shape">The numbers of rows and columns, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Muon(
    IReadOnlyList<int> shape, MuonOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(shape, options ?? new MuonOptions(), threads, stateFormat);

/// <summary>Computes b and u first; then p ← p − ηk·X, with X the orthogonalised u.</summary>
internal readonly struct MuonRule(StepScalars step, MuonOptions options) : ISteppingRule<MuonRule>
{
    private readonly float _momentum = (float)step.MomentumOr(options.Momentum);
    private readonly float _gain = (float)(1 - step.MomentumOr(options.Momentum));
    private readonly float _ofGradient = options.Nesterov ? (float)(1 - step.MomentumOr(options.Momentum)) : 0;
    private readonly float _ofAverage = options.Nesterov ? (float)step.MomentumOr(options.Momentum) : 1;
    private readonly RateAdjustment _adjustment = options.RateAdjustment;
    private readonly double _rate = step.LearningRate;

    public static int SlotCount => 1;

    public static bool MeasuringChangesState => true;

    private float StepSize { get; init; }

    public static MuonRule For(in MuonRule rule, in TensorShape shape)
    {
        double adjustment = rule._adjustment == RateAdjustment.Original
            ? Math.Sqrt(Math.Max(1, (double)shape.Rows / Math.Max(1, shape.Columns)))
            : 0.2 * Math.Sqrt(Math.Max(shape.Rows, shape.Columns));
        return rule with { StepSize = (float)(rule._rate * adjustment) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Measure<V, TStorage>(
        ref MuonRule rule, V g, V p, in SlotAddresses slots, long index, out V first, out V second)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage
    {
        V b = TStorage.Load<V>(slots.Slot0, index);
        b = rule._momentum * b + rule._gain * g;
        TStorage.Store(b, slots.Slot0, slots.DitherSlope, index);
        first = rule._ofGradient * g + rule._ofAverage * b;
        second = V.Splat(0);
        V.Store(first, slots.Between + index);
    }

    public MuonRule WithSums(in MeasuredSums sums, Span<double> scalars) => this;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Step<V, TStorage>(
        ref MuonRule rule, V g, V p, in SlotAddresses slots, long index)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage =>
        rule.StepSize * V.Load(slots.Between + index);
}
