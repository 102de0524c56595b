namespace Optimizers.Benchmarks;

/// <summary>What a contender does when it has its turn; only the calls are timed.</summary>
/// <param name="Call">One step.</param>
internal sealed record Turn(Action Call)
{
    /// <summary>Before the calls of a turn: threads that are to wait for work start.</summary>
    public Action Begin { get; init; } = () => { };

    /// <summary>After the calls of a turn, also after a call that threw: its threads end then, and take no time from the next contender.</summary>
    public Action End { get; init; } = () => { };
}
