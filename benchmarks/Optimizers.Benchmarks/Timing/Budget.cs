using System.Runtime.ExceptionServices;

namespace Optimizers.Benchmarks;

/// <summary>How much time a command has left, and how much of it a contest may take.</summary>
/// <param name="clock">The clock; a test has its own.</param>
/// <param name="limit">The time of the whole command, from now on.</param>
/// <param name="limitOfContest">The most that one contest may take of it.</param>
internal sealed class Budget(TimeProvider clock, TimeSpan limit, TimeSpan limitOfContest)
{
    /// <summary>What a contest has beyond its time to end, before it is given up.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly long _start = clock.GetTimestamp();

    public TimeProvider Clock => clock;

    public TimeSpan Left => limit - clock.GetElapsedTime(_start) is { } left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>With the start and the grace of a contest that is given up, it ends in less than a minute.</summary>
    public static Budget Quick() => new(TimeProvider.System, TimeSpan.FromSeconds(48), TimeSpan.FromSeconds(48));

    /// <summary>Two minutes for each contest, and more if they take turns for long.</summary>
    public static Budget OfContests(double seconds) =>
        new(TimeProvider.System, TimeSpan.FromDays(1), TimeSpan.FromSeconds(120 + (3 * seconds)));

    /// <summary>The time of the next contest.</summary>
    /// <param name="part">Its part of what is left to do, from 0 to 1.</param>
    public TimeSpan ShareOf(double part)
    {
        TimeSpan share = Left * part;
        return share < limitOfContest ? share : limitOfContest;
    }

    /// <summary>Runs work on a thread of its own, and gives it up if it does not end.</summary>
    /// <returns>Whether it ended. If not, it may still run: nothing more can be timed in this process.</returns>
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
                // The caller throws it.
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
