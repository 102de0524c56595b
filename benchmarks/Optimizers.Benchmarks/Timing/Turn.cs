namespace Optimizers.Benchmarks;

/// <summary>The turn of a contender. Only the calls are timed.</summary>
/// <param name="Call">One step.</param>
internal sealed record Turn(Action Call)
{
    /// <summary>Runs before the calls of a turn, for example to start worker threads.</summary>
    public Action Begin { get; init; } = () => { };

    /// <summary>
    /// Runs after the calls of a turn, also after a call that threw. It ends worker threads, so that they take no time from the next contender.
    /// </summary>
    public Action End { get; init; } = () => { };
}
