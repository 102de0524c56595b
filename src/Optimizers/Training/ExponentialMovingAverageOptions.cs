namespace Optimizers.Training;

/// <summary>The options of <see cref="ExponentialMovingAverage"/>.</summary>
public sealed record ExponentialMovingAverageOptions
{
    /// <summary>
    /// The factor of the old average in an update. The average then covers about the last 1/(1 − Decay) updates. At least 0, below 1;
    /// default 0.999, as in PyTorch.
    /// </summary>
    public double Decay { get; init; } = 0.999;

    /// <summary>
    /// Whether the first updates use a smaller decay, min(Decay, (1 + n)/(10 + n)) after n updates, as in TensorFlow. Without
    /// it, the first weights still have a share of Decayⁿ in the average. With the default decay this share is 37 % after 1,000 updates,
    /// and with warmup 0.2 %. Default false, as in PyTorch.
    /// </summary>
    public bool Warmup { get; init; }

    /// <summary>The first step to average, counted from 1. At least 1; default 1.</summary>
    public long FirstStep { get; init; } = 1;

    /// <summary>The number of steps from one averaged step to the next. At least 1; default 1: every step.</summary>
    public long Interval { get; init; } = 1;

    /// <summary>The largest number of threads; 0 means one thread for each processor. At least 0; default 0.</summary>
    public int Threads { get; init; }
}
