namespace Optimizers.Benchmarks;

/// <summary>What a contender reached.</summary>
/// <param name="Nanoseconds">The best time of one call.</param>
/// <param name="AllocatedBytes">What a call allocates, as the least of several measurements; null if no time was left for it.</param>
/// <param name="Rounds">The number of turns of which the best counts.</param>
internal sealed record Timing(double Nanoseconds, double? AllocatedBytes, int Rounds);

/// <summary>The timing of a contender, or why there is none.</summary>
/// <param name="Timing">Null if the contender could not be timed.</param>
/// <param name="Failure">Why there is no timing; null if there is one.</param>
internal sealed record TimingResult(Timing? Timing, string? Failure)
{
    public const string OutOfTime = "the time was up";

    public static TimingResult Of(Exception exception) => new(null, $"it threw {exception.GetType().Name}: {exception.Message}");
}
