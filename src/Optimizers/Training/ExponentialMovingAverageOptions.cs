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
