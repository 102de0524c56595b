namespace Optimizers;

/// <summary>The options of <see cref="Asgd"/>.</summary>
public sealed record AsgdOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.01, as in PyTorch.</remarks>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>
    /// Sets how fast the rate falls. At rate 1, each update also shrinks a parameter by this share. Finite, at least 0;
    /// default 1e-4, as in PyTorch.
    /// </summary>
    public double Lambda { get; init; } = 1e-4;

    /// <summary>The exponent with which the rate falls. Finite, at least 0; default 0.75, as in PyTorch.</summary>
    public double Alpha { get; init; } = 0.75;

    /// <summary>The update from which on parameters are averaged. At least 0; default 1,000,000, as in PyTorch.</summary>
    public long AveragingStart { get; init; } = 1_000_000;

    /// <inheritdoc/>
    /// <remarks>Default 0, as in PyTorch; coupled.</remarks>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public bool Maximize { get; init; }

    double IOptimizerOptions.SafeMagnitude => 1e30;

    void IOptimizerOptions.Validate()
    {
        Require.NonNegative(Lambda);
        Require.NonNegative(Alpha);
        Require.AtLeast(AveragingStart, 0);
    }

    OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(
        (step, scalars) =>
        {
            // The next update uses this rate. An error in the next update would come too late to choose another rate.
            _ = WeightDecayException.FactorOf(step.LearningRate, Lambda, decayName: nameof(Lambda));
            double rate = step.Iteration == 1 ? step.LearningRate : scalars[0];
            scalars[0] = step.LearningRate / Powers.Of(1 + (Lambda * step.LearningRate * step.Iteration), Alpha);
            return new AsgdRule(rate, Lambda, 1.0 / Math.Max(1, step.Iteration - 1 - AveragingStart));
        },
        [new StateScalar("eta")],
        new StateSlot("ax") { FullPrecision = true });

    internal static NamedType Named { get; } = new NamedOptimizer<AsgdOptions>(nameof(Asgd), new AsgdContract(), (n, o, t) => new Asgd(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(AsgdOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class AsgdContract : JsonSerializerContext;

/// <summary>Averaged SGD: gradient descent with a falling rate, and the average of the parameters along the way.</summary>
/// <remarks>
/// <para>Polyak &amp; Juditsky 1992, doi:10.1137/0330046; in the form of Bottou's code and of PyTorch.</para>
/// <code>
/// g ← g + λp, with λ the weight decay
/// p ← p·(1 − Lambda·η′) − η′g
/// a ← a + (p − a)/max(1, t − 1 − AveragingStart)
/// η′ ← η/(1 + Lambda·η·t)^Alpha, for the next update; the first uses η itself
/// </code>
/// <para>As in PyTorch, each rate except the first takes effect one update later. At rate 0 parameters do not move in any
/// case. The average, <c>State["ax"]</c>, equals the parameters until update AveragingStart + 3, and never influences
/// them.</para>
/// <para>State: 4 bytes per parameter (<c>ax</c>), and the scalar <c>eta</c> for each tensor. With a zero gradient only Lambda
/// shrinks the parameter. A NaN makes its parameter and the average of this parameter NaN.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Asgd(int length, AsgdOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new AsgdOptions(), threads, stateFormat);

/// <summary>p ← p·(1 − Lambda·η) − ηg, a ← a + μ(p − a)</summary>
internal readonly struct AsgdRule(double rate, double lambda, double share) : IUpdateRule1<AsgdRule>
{
    private readonly float _rate = (float)rate;
    private readonly float _factor = (float)WeightDecayException.FactorOf(rate, lambda, decayName: nameof(AsgdOptions.Lambda));
    private readonly float _share = (float)share;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V a)
        where V : struct, ILane<V>
    {
        p = _factor * p - _rate * g;

        // With a share of 1, a + (p − a) would round; p is exact.
        a = V.IfEqual(V.Splat(_share), V.Splat(1), p, a + _share * (p - a));
    }
}
