namespace Optimizers.Benchmarks;

/// <summary>The turn of a contender. Only the calls are timed.</summary>
/// <param name="Call">One step.</param>
internal sealed record Turn(Action Call)
{
    /// <summary>
    /// Runs before each call and is not timed, for example a backward pass that computes new gradients. Null if a call needs nothing. Each call
    /// is then timed alone, which adds the time of reading the clock, about 25 ns.
    /// </summary>
    public Action? BeforeCall { get; init; }

    /// <summary>Whether a turn of a single call also begins with a call that is not timed, which loads the data into the caches.</summary>
    public bool LoadsCaches { get; init; }

    /// <summary>
    /// Whether the result is the mean of the rounds and not their minimum, for work that waits for other threads of the machine. The minimum
    /// would be a round without a wait.
    /// </summary>
    public bool IsMean { get; init; }

    /// <summary>Runs before the calls of a turn, for example to start worker threads.</summary>
    public Action Begin { get; init; } = () => { };

    /// <summary>
    /// Runs after the calls of a turn, also after a call that threw. It ends worker threads, so that they take no time from the next contender.
    /// </summary>
    public Action End { get; init; } = () => { };
}
