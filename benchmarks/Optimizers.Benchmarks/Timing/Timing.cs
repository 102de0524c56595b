namespace Optimizers.Benchmarks;

/// <summary>The measured time and allocation of a contender.</summary>
/// <param name="Nanoseconds">The shortest time of one call.</param>
/// <param name="AllocatedBytes">The bytes that a call allocates: the minimum of several measurements. Null if there was no time to measure it.</param>
/// <param name="Rounds">The number of rounds. The result is their minimum.</param>
internal sealed record Timing(double Nanoseconds, double? AllocatedBytes, int Rounds);

/// <summary>The timing of a contender, or the reason why there is none.</summary>
/// <param name="Timing">Null if the contender could not be timed.</param>
/// <param name="Failure">The reason why there is no timing. Null if there is one.</param>
internal sealed record TimingResult(Timing? Timing, string? Failure)
{
    public const string OutOfTime = "the time was up";

    public static TimingResult Of(Exception exception) => new(null, $"it threw {exception.GetType().Name}: {exception.Message}");
}
