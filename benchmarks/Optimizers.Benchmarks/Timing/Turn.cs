namespace Optimizers.Benchmarks;

/// <summary>What a contender does when it has its turn; only the calls are timed.</summary>
/// <param name="Call">One step.</param>
internal sealed record Turn(Action Call)
{
    /// <summary>Before the calls of a turn: threads that are to wait for work start.</summary>
    public Action Begin { get; init; } = () => { };

    /// <summary>After the calls of a turn: those threads end, and disturb nobody else.</summary>
    public Action End { get; init; } = () => { };
}

/// <summary>What a contender reached.</summary>
/// <param name="Nanoseconds">The best time of one call.</param>
/// <param name="AllocatedBytes">What a call allocates, as the least of several measurements.</param>
internal sealed record Timing(double Nanoseconds, double AllocatedBytes);
