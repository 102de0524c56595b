namespace Optimizers.Training;

/// <summary>The options of <see cref="Lookahead"/>.</summary>
public sealed record LookaheadOptions
{
    /// <summary>k, the number of steps between two synchronisations. At least 1; default 5, as in the paper.</summary>
    public long SynchronizationPeriod { get; init; } = 5;

    /// <summary>α, the part of the way that the slow weights go. Above 0, at most 1; default 0.5, as in the paper.</summary>
    public double SlowStepSize { get; init; } = 0.5;

    /// <summary>The number of threads of a synchronisation at most; 0, the default: as many as there are processors.</summary>
    public int Threads { get; init; }
}
