namespace Optimizers.Training;

/// <summary>The options of <see cref="WeightAverage"/>.</summary>
public sealed record WeightAverageOptions
{
    /// <summary>
    /// The first step to average, counted from 1. At least 1; default 1. The paper starts after about three quarters of a usual
    /// training.
    /// </summary>
    public long FirstStep { get; init; } = 1;

    /// <summary>
    /// The number of steps from one averaged step to the next. At least 1; default 1: every step. The paper averages once an epoch, or
    /// at the end of each cycle of the learning rate.
    /// </summary>
    public long Interval { get; init; } = 1;

    /// <summary>The largest number of threads; 0 means one thread for each processor. At least 0; default 0.</summary>
    public int Threads { get; init; }
}
