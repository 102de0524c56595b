namespace Optimizers.Training;

/// <summary>An average of the weights that forgets: every update moves it a small part of the way to where they are.</summary>
/// <remarks>
/// <para>Polyak &amp; Juditsky 1992, doi 10.1137/0330046, with exponential weights; PyTorch's and TensorFlow's form.</para>
/// <code>
/// d = Decay, with Warmup min(Decay, (1 + n)/(10 + n)), after n updates of this parameter
/// a ← p at the first update
/// a ← a + (1 − d)(p − a) at the others
/// </code>
/// <para>PyTorch writes d·a + (1 − d)·p, whose rounded weights need not add up to 1: constant weights are then off by up to
/// 3e-5 of themselves. This form keeps them to the bit.</para>
/// <para>State: 4 bytes per parameter. Gradients play no part. A NaN in the weights stays in the average of that element until
/// <see cref="AveragedWeights.Reset"/>; an infinity that does not change is kept.</para>
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
    /// <exception cref="ArgumentException">An option, named in the message, is out of its range.</exception>
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
