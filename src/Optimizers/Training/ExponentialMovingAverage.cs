namespace Optimizers.Training;

/// <summary>The options of <see cref="ExponentialMovingAverage"/>.</summary>
public sealed record ExponentialMovingAverageOptions
{
    /// <summary>
    /// The weight that the average keeps of itself: it looks back over about 1/(1 − Decay) updates. At least 0, below 1; default
    /// 0.999, as in PyTorch.
    /// </summary>
    public double Decay { get; init; } = 0.999;

    /// <summary>
    /// Whether the decay of the first updates is smaller, min(Decay, (1 + n)/(10 + n)) after n updates, as in TensorFlow. Without
    /// it the first weights still make up Decayⁿ of the average: 37 % after 1,000 updates with the default decay, 0.2 % with
    /// it. Default false, as in PyTorch.
    /// </summary>
    public bool Warmup { get; init; }

    /// <summary>The first step that is averaged, counted from 1. At least 1; default 1.</summary>
    public long FirstStep { get; init; } = 1;

    /// <summary>How many steps later the next one is averaged. At least 1; default 1: every step.</summary>
    public long Interval { get; init; } = 1;

    /// <summary>The number of threads at most; 0, the default: as many as there are processors.</summary>
    public int Threads { get; init; }
}

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
/// <see cref="Reset"/>; an infinity that does not change is kept.</para>
/// </remarks>
/// <example>
/// <code>
/// var average = new ExponentialMovingAverage(model.Parameters, new() { Decay = 0.9999, Warmup = true });
/// average.Update(model.Step());
/// </code>
/// </example>
public sealed class ExponentialMovingAverage : IWeightAverage, IRunPart
{
    private readonly RunningAverage _average;
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
    {
        Require.Beta(options.Decay, nameof(options.Decay));
        _options = options;
        Require.AtLeast(options.FirstStep, 1, nameof(options.FirstStep));
        Require.AtLeast(options.Interval, 1, nameof(options.Interval));
        Require.AtLeast(options.Threads, 0, nameof(options.Threads));
        _average = new RunningAverage(
            parameters,
            update => update == 1 ? 1 : 1 - DecayAfter(update - 1, options),
            options.FirstStep,
            options.Interval,
            options.Threads,
            widestLane);
        _average.Parameters.Attach(this);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters => _average.Parameters;

    string? IRunPart.LostIfNotSaved => _average.LostIfNotSaved(nameof(ExponentialMovingAverage));

    /// <inheritdoc/>
    public long StepCount => _average.StepCount;

    /// <inheritdoc/>
    public long UpdateCount => _average.UpdateCount;

    /// <inheritdoc/>
    public long StateBytes => _average.StateBytes;

    /// <inheritdoc/>
    public ReadOnlySpan<float> this[string name] => _average[name];

    /// <inheritdoc/>
    public void Update() => _average.Update();

    /// <inheritdoc/>
    public IDisposable SwapIn() => _average.SwapIn();

    /// <inheritdoc/>
    public void CopyTo(ParameterSet target) => _average.CopyTo(target);

    /// <inheritdoc/>
    public void Reset() => _average.Reset();

    /// <summary>The number of updates and steps, and the parameters.</summary>
    public override string ToString() => $"{nameof(ExponentialMovingAverage)}: {_average}";

    /// <inheritdoc/>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        contents.Lists(this);
        contents.Options(_options, "threads");
        _average.Describe(contents);
    }

    private static double DecayAfter(double updates, ExponentialMovingAverageOptions options) =>
        options.Warmup ? Math.Min(options.Decay, (1 + updates) / (10 + updates)) : options.Decay;
}
