namespace Optimizers.Tests;

/// <summary>A clock that only the test moves.</summary>
/// <param name="frequency">The number of ticks per second.</param>
internal sealed class FakeClock(long frequency) : TimeProvider
{
    public long Now { get; set; } = 1_000_000;

    public override long TimestampFrequency => frequency;

    public override long GetTimestamp() => Now;

    public long In(double seconds) => Now + (long)(seconds * frequency);
}
