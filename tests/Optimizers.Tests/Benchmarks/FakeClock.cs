namespace Optimizers.Tests;

/// <summary>A clock that moves only when a test moves it.</summary>
/// <param name="frequency">Its ticks per second.</param>
internal sealed class FakeClock(long frequency) : TimeProvider
{
    public long Now { get; set; } = 1_000_000;

    public override long TimestampFrequency => frequency;

    public override long GetTimestamp() => Now;

    public long In(double seconds) => Now + (long)(seconds * frequency);
}
