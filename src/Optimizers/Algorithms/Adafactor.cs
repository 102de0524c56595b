namespace Optimizers;

/// <summary>The options of <see cref="Adafactor"/>.</summary>
public sealed record AdafactorOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.01, as in PyTorch. The rate is relative to the size of the parameters, and limited to 1/√t.</remarks>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>
    /// The exponent of t in the weight of the newest squares in their average. Finite, at most 0; default −0.8, as in the paper.
    /// </summary>
    public double Beta2Decay { get; init; } = -0.8;

    /// <summary>
    /// ε₁, the lower limit of every divisor. Finite, at least 0; default null, which means the machine epsilon of float, as in
    /// PyTorch.
    /// </summary>
    public double? Epsilon1 { get; init; }

    /// <summary>
    /// ε₂, the lower limit of rms(p). The root mean square rms(p) of the tensor scales the rate. Finite, at least 0; default
    /// 0.001, as in the paper.
    /// </summary>
    public double Epsilon2 { get; init; } = 1e-3;

    /// <summary>The upper limit of the root mean square of an update direction. Finite, above 0; default 1, as in the
    /// paper.</summary>
    public double ClipThreshold { get; init; } = 1;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in PyTorch; decoupled.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    DecayForm IOptimizerOptions.DecayForm => DecayForm.Decoupled;

    void IOptimizerOptions.Validate()
    {
        Require.AtMost(Beta2Decay, 0);
        Require.Finite(Beta2Decay);
        Require.NonNegative(Epsilon1 ?? 0, nameof(Epsilon1));
        Require.NonNegative(Epsilon2);
        Require.Positive(ClipThreshold);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.OfMatrices(
        step => new AdafactorRule(step, this),
        new FactoredMoment(t => AdafactorRule.WeightAt(t, Beta2Decay), AdafactorRule.FloorOf(this)),
        FactoredMoment.Whole);

    internal static NamedType Named { get; } = new NamedOptimizer<AdafactorOptions>(nameof(Adafactor), new AdafactorContract(), (s, o, t) => new Adafactor(s, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(AdafactorOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class AdafactorContract : JsonSerializerContext;

/// <summary>
/// Adafactor: stores the second moment of a matrix as row and column means, has no first moment, and scales steps to the
/// parameters.
/// </summary>
/// <remarks>
/// <para>Shazeer &amp; Stern 2018, arXiv 1804.04235, algorithms 4 and 5, in PyTorch's form.</para>
/// <code>
/// w = t^Beta2Decay, α = max(ε₂, rms(p))·min(η, 1/√t), p ← p·(1 − ηλ)
/// R ← (1 − w)R + w·(means of g² over rows), C alike over columns
/// V = R·C/max(mean of R, ε₁)      without two dimensions: V ← (1 − w)V + w·g²
/// u = g/max(√V, ε₁)
/// p ← p − α/max(1, rms(u)/ClipThreshold)·u
/// </code>
/// <para>In a tensor of more than two dimensions, each matrix of the last two has its own means, and rms is the root mean
/// square of the whole tensor. As in PyTorch, ε₁ is not added to g². Decay uses η, not α. Sums are in double. A quotient 0/0
/// gives no update.</para>
/// <para>State: for a matrix 4 bytes per row and per column (<c>row_var</c>, <c>col_var</c>), always in float32; otherwise 4
/// bytes per parameter (<c>variance</c>). With zero gradients only decay moves the parameters. A NaN or an infinity spreads to
/// all parameters of the tensor, and stays in the means of its row and its column.</para>
/// </remarks>
/// <param name="shape">The length of each dimension, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Adafactor(
    IReadOnlyList<int> shape, AdafactorOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(shape, options ?? new AdafactorOptions(), threads, stateFormat);

/// <summary>Measures p and u = g/max(√V, ε₁) first; then p ← p − α/max(1, rms(u)/ClipThreshold)·u</summary>
internal readonly struct AdafactorRule(StepScalars step, AdafactorOptions options) : IMeasuringRule1<AdafactorRule>
{
    private readonly float _keep = (float)(1 - WeightAt(step.Iteration, options.Beta2Decay));
    private readonly float _gain = (float)WeightAt(step.Iteration, options.Beta2Decay);
    private readonly float _floor = (float)FloorOf(options);
    private readonly double _rate = Math.Min(step.LearningRate, 1 / Math.Sqrt(step.Iteration));
    private readonly double _leastSize = options.Epsilon2;
    private readonly double _threshold = options.ClipThreshold;

    public static bool MeasuringChangesState => false;

    private bool IsFactored { get; init; }

    private float StepSize { get; init; }

    public static double WeightAt(long iteration, double decay) => Powers.Of((double)iteration, decay);

    public static double FloorOf(AdafactorOptions options) => options.Epsilon1 ?? 1.0 / (1 << 23);

    // When the rule reads the row and column means, they already include this gradient.
    public static AdafactorRule For(in AdafactorRule rule, in TensorShape shape) => rule with { IsFactored = shape.IsMatrix };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Measure<V>(V g, V p, ref V v, out V first, out V second)
        where V : struct, ILane<V>
    {
        first = p;
        second = Direction(g, ref v);
    }

    public AdafactorRule WithSums(in MeasuredSums sums, Span<double> scalars)
    {
        double size = Math.Max(_leastSize, Math.Sqrt(sums.First / sums.Count));
        double excess = Math.Max(1, Math.Sqrt(sums.Second / sums.Count) / _threshold);
        return this with { StepSize = (float)(size * _rate / excess) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Step<V>(V g, V p, ref V v)
        where V : struct, ILane<V> =>
        StepSize * Direction(g, ref v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Direction<V>(V g, ref V v)
        where V : struct, ILane<V>
    {
        v = IsFactored ? v : _keep * v + _gain * g * g;
        return V.DivideOrZero(g, V.Max(V.Sqrt(v), V.Splat(_floor)));
    }
}
