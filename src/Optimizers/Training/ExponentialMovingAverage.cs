namespace Optimizers.Training;

/// <summary>An exponential moving average (EMA) of the weights: each update moves it a small fraction of the way to the weights.</summary>
/// <remarks>
/// <para>Polyak &amp; Juditsky 1992, doi 10.1137/0330046, with exponential weights, in PyTorch's and TensorFlow's form.</para>
/// <code>
/// d = Decay, with Warmup min(Decay, (1 + n)/(10 + n)), after n updates of this parameter
/// a ← p in the first update
/// a ← a + (1 − d)(p − a) in later updates
/// </code>
/// <para>PyTorch computes d·a + (1 − d)·p, whose rounded weights need not add up to 1: the average of constant weights then has a
/// relative error of up to 3e-5. With this form it equals the weights to the bit.</para>
/// <para>State: 4 bytes per parameter. Gradients are not used. A NaN in the weights stays in the average of that element until
/// <see cref="AveragedWeights.Reset"/>. An infinite weight that does not change is kept.</para>
/// </remarks>
/// <example>
/// <code>
/// var average = new ExponentialMovingAverage(model.Parameters, new() { Decay = 0.9999, Warmup = true });
/// average.Update(model.Step());
/// </code>
/// </example>
public sealed class ExponentialMovingAverage : AveragedWeights
{
    private readonly ExponentialMovingAverageOptions _options;

    /// <summary>Makes an average of all parameters of a set.</summary>
    /// <param name="parameters">The set; parameters may be added to it later.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">The set is null.</exception>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public ExponentialMovingAverage(ParameterSet parameters, ExponentialMovingAverageOptions? options = null)
        : this(parameters, options ?? new(), widestLane: 0)
    {
    }

    internal ExponentialMovingAverage(ParameterSet parameters, ExponentialMovingAverageOptions options, int widestLane)
        : base(parameters, WeightOf(options), options.FirstStep, options.Interval, options.Threads, widestLane) =>
        _options = options;

    private protected override void DescribeOptions(CheckpointManifest contents) => contents.Options(_options, "threads");

    private static Func<long, double> WeightOf(ExponentialMovingAverageOptions options)
    {
        Require.Beta(options.Decay, nameof(options.Decay));
        return update => update == 1 ? 1 : 1 - DecayAfter(update - 1, options);
    }

    private static double DecayAfter(double updates, ExponentialMovingAverageOptions options) =>
        options.Warmup ? Math.Min(options.Decay, (1 + updates) / (10 + updates)) : options.Decay;
}
