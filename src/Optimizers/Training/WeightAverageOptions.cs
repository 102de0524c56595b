namespace Optimizers.Training;

/// <summary>The options of <see cref="WeightAverage"/>.</summary>
public sealed record WeightAverageOptions
{
    /// <summary>
    /// The first step that is averaged, counted from 1. At least 1; default 1. The paper begins after about three quarters of a
    /// usual training.
    /// </summary>
    public long FirstStep { get; init; } = 1;

    /// <summary>
    /// How many steps later the next one is averaged. At least 1; default 1: every step. The paper averages once an epoch, or
    /// at the end of each cycle of the rate.
    /// </summary>
    public long Interval { get; init; } = 1;

    /// <summary>The number of threads at most; 0, the default: as many as there are processors.</summary>
    public int Threads { get; init; }
}
