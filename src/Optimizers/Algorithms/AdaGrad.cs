namespace Optimizers;

/// <summary>The options of <see cref="AdaGrad"/>.</summary>
public sealed record AdaGradOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.01, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>How fast the rate falls: update t uses η / (1 + (t − 1)·LearningRateDecay). Finite, at least 0; default 0, as in PyTorch.</summary>
    public double LearningRateDecay { get; init; }

    /// <inheritdoc/>
    /// <remarks>Default 0, as in PyTorch; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <summary>What every sum of squares starts from. Finite, at least 0; default 0, as in PyTorch.</summary>
    public double InitialAccumulator { get; init; }

    /// <summary>Added to the root ε. Finite, at least 0; default 1e-10, as in PyTorch.</summary>
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

/// <summary>AdaGrad: a rate for each parameter that falls with all the gradient it has seen.</summary>
/// <remarks>
/// <para>Duchi, Hazan &amp; Singer 2011, JMLR 12, figure 1 (diagonal form).</para>
/// <code>
/// g ← g + λp
/// s ← s + g²
/// p ← p − η/(1 + (t − 1)·LearningRateDecay) · g/(√s + ε)
/// </code>
/// <para>The decay of the rate is PyTorch's, not the paper's; so is ε outside the root. 0/0 is no step.</para>
/// <para>With gradients of some rows, the others keep their sum, and t is one count for the whole table; a weight decay is
/// refused then. As in PyTorch.</para>
/// <para>State: 4 bytes per parameter (<c>sum</c>). A zero gradient moves nothing but by decay; a NaN stays in its
/// parameter's sum.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null: the defaults.</param>
/// <param name="threads">The number of threads a step uses at most; 0: as many as there are processors.</param>
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
