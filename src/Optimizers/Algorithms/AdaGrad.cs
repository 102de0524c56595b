namespace Optimizers;

/// <summary>The options of <see cref="AdaGrad"/>.</summary>
public sealed record AdaGradOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.01, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>
    /// The decay of the learning rate: update t uses η / (1 + (t − 1)·LearningRateDecay). Finite, at least 0; default 0, as in
    /// PyTorch.
    /// </summary>
    public double LearningRateDecay { get; init; }

    /// <inheritdoc/>
    /// <remarks>Default 0, as in PyTorch; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <summary>The initial value of every sum of squares. Finite, at least 0; default 0, as in PyTorch.</summary>
    public double InitialAccumulator { get; init; }

    /// <summary>ε, added to the square root. Finite, at least 0; default 1e-10, as in PyTorch.</summary>
    public double Epsilon { get; init; } = 1e-10;

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    bool IOptimizerOptions.TakesRows => true;

    void IOptimizerOptions.Validate()
    {
        Require.NonNegative(LearningRateDecay);
        Require.NonNegative(InitialAccumulator);
        Require.NonNegative(Epsilon);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        step => new AdaGradRule(step.LearningRate / (1 + ((step.Iteration - 1) * LearningRateDecay)), Epsilon),
        new StateSlot("sum", (float)InitialAccumulator) { NonNegative = true });

    internal static NamedType Named { get; } = new NamedOptimizer<AdaGradOptions>(nameof(AdaGrad), new AdaGradContract(), (n, o, t) => new AdaGrad(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(AdaGradOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class AdaGradContract : JsonSerializerContext;

/// <summary>AdaGrad: each parameter has its own rate, which falls with the sum of its squared gradients.</summary>
/// <remarks>
/// <para>Duchi, Hazan &amp; Singer 2011, JMLR 12, figure 1 (diagonal form).</para>
/// <code>
/// g ← g + λp
/// s ← s + g²
/// p ← p − η/(1 + (t − 1)·LearningRateDecay) · g/(√s + ε)
/// </code>
/// <para>LearningRateDecay and ε outside the square root are PyTorch's, not the paper's. A quotient 0/0 gives no update.</para>
/// <para>With gradients of some rows of a table, three things are as in PyTorch: the other rows keep their sums, t is one
/// count for the whole table, and a weight decay throws.</para>
/// <para>State: 4 bytes per parameter (<c>sum</c>). With a zero gradient only decay moves the parameter. A NaN stays in the sum
/// of its parameter.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class AdaGrad(int length, AdaGradOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new AdaGradOptions(), threads, stateFormat);

/// <summary>s ← s + g², p ← p − ηg/(√s + ε)</summary>
internal readonly struct AdaGradRule(double rate, double epsilon) : IUpdateRule1<AdaGradRule>
{
    private readonly float _rate = (float)rate;
    private readonly float _epsilon = (float)epsilon;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V s)
        where V : struct, ILane<V>
    {
        s += g * g;
        p -= V.DivideOrZero(_rate * g, V.Sqrt(s) + _epsilon);
    }
}
