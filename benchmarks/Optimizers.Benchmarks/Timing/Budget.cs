using System.Runtime.ExceptionServices;

namespace Optimizers.Benchmarks;

/// <summary>The remaining time of a command, and the part of it that a contest can use.</summary>
/// <param name="clock">The clock. Tests use a fake clock.</param>
/// <param name="limit">The time for the whole command, from now on.</param>
/// <param name="limitOfContest">The maximum time of one contest.</param>
internal sealed class Budget(TimeProvider clock, TimeSpan limit, TimeSpan limitOfContest)
{
    /// <summary>The extra time after its deadline in which a contest can end. After it, the contest is stopped.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly long _start = clock.GetTimestamp();

    public TimeProvider Clock => clock;

    public TimeSpan Left => limit - clock.GetElapsedTime(_start) is { } left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>The budget of compare --quick. Including the start and the grace of one contest, the command takes less than a minute.</summary>
    public static Budget Quick() => new(TimeProvider.System, TimeSpan.FromSeconds(48), TimeSpan.FromSeconds(48));

    /// <summary>The budget without --quick: for each contest two minutes plus three times its measuring time.</summary>
    public static Budget OfContests(double seconds) =>
        new(TimeProvider.System, TimeSpan.FromDays(1), TimeSpan.FromSeconds(120 + (3 * seconds)));

    /// <summary>Returns the time of the next contest.</summary>
    /// <param name="part">The part of the remaining work that the contest does, from 0 to 1.</param>
    public TimeSpan ShareOf(double part)
    {
        TimeSpan share = Left * part;
        return share < limitOfContest ? share : limitOfContest;
    }

    /// <summary>Runs work on a separate thread, and stops waiting if it does not end in time.</summary>
    /// <returns>Whether the work ended. If it did not, it may still run, and nothing more can be timed in this process.</returns>
    public static bool Ends(Action work, TimeSpan time)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception exception)
            {
                // Rethrow the exception on the thread of the caller.
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        })
        { IsBackground = true };
        thread.Start();
        bool ended = thread.Join(time + Grace);
        failure?.Throw();
        return ended;
    }
}
