namespace Optimizers.Training;

/// <summary>The options of <see cref="Lookahead"/>.</summary>
public sealed record LookaheadOptions
{
    /// <summary>k, the number of steps from one synchronisation to the next. At least 1; default 5, as in the paper.</summary>
    public long SynchronizationPeriod { get; init; } = 5;

    /// <summary>
    /// α, the fraction of the way to the fast weights that the slow weights move. Above 0, at most 1; default 0.5, as in the paper.
    /// </summary>
    public double SlowStepSize { get; init; } = 0.5;

    /// <summary>The largest number of threads of a synchronisation; 0 means one thread for each processor. At least 0; default 0.</summary>
    public int Threads { get; init; }
}
