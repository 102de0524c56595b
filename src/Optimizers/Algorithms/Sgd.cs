namespace Optimizers;

/// <summary>The options of <see cref="Sgd"/>.</summary>
public sealed record SgdOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in PyTorch; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    bool IOptimizerOptions.TakesRows => true;

    double IOptimizerOptions.SafeMagnitude => 1e30;

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(step => new SgdRule(step.LearningRate));

    internal static NamedType Named { get; } = new NamedOptimizer<SgdOptions>(nameof(Sgd), new SgdContract(), (n, o, t) => new Sgd(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(SgdOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class SgdContract : JsonSerializerContext;

/// <summary>Stochastic gradient descent.</summary>
/// <remarks>
/// <para>Robbins &amp; Monro 1951, doi:10.1214/aoms/1177729586.</para>
/// <code>
/// g ← g + λp
/// p ← p − ηg
/// </code>
/// <para>With gradients of some rows of a table, only these rows move; a weight decay then throws.</para>
/// <para>State: none. With a zero gradient only decay moves the parameter. A NaN makes its parameter NaN.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Sgd(int length, SgdOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new SgdOptions(), threads, stateFormat);

/// <summary>p ← p − ηg</summary>
internal readonly struct SgdRule(double rate) : IUpdateRule0<SgdRule>
{
    private readonly float _rate = (float)rate;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p)
        where V : struct, ILane<V> =>
        p -= _rate * g;
}
