using System.Runtime;
using System.Runtime.CompilerServices;
using Optimizers.Schedules;

namespace Optimizers.Benchmarks;

/// <summary>
/// Times contenders against each other on a machine that others use too: in turns, and of each the minimum of many
/// rounds.
/// </summary>
/// <remarks>
/// All times are timestamps of the clock: a <see cref="TimeSpan"/> counts in 100 ns, which is more than a small call takes.
/// Every loop has a largest number of calls or ends at the deadline, so only a call that never returns can hold it up.
/// </remarks>
/// <param name="clock">The clock; a test has its own.</param>
/// <param name="pause">Waits while the runtime compiles in the background.</param>
internal sealed class RoundRobin(TimeProvider clock, Action pause)
{
    /// <summary>The most calls of a turn, however little time they take.</summary>
    public const int MostCalls = 1 << 20;

    /// <summary>The rounds that a contest has even if they take longer than it was given, unless the deadline comes first.</summary>
    public const int FewestRounds = 7;

    private const double SecondsOfTurn = 500e-6;
    private const double SecondsOfWarmUp = 0.02;
    private const int MostCallsOfWarmUp = 100;
    private const int MostBursts = 10;
    private const int MostAttempts = 10;

    // A turn looks at the clock between its slices. It stops when it takes ten times as long as estimated, because somebody
    // else has the processor; the calls that were made count.
    private const int SlicesOfTurn = 16;
    private const int LongestTurn = 10;

    private long TurnTicks => Math.Max(1, (long)(SecondsOfTurn * clock.TimestampFrequency));

    /// <summary>Times one call of each.</summary>
    /// <param name="turns">The contenders.</param>
    /// <param name="seconds">How long they take turns, after the warm-up.</param>
    /// <param name="deadline">The timestamp after which no call begins.</param>
    public TimingResult[] Time(IReadOnlyList<Turn> turns, double seconds, long deadline)
    {
        Racer[] racers = [.. turns.Select(turn => new Racer(turn))];
        WarmUp(racers, deadline);
        ForEach(racers, Half(deadline), MeasureAllocation);
        long start = clock.GetTimestamp();
        long round = start;
        for (int rounds = 0; round < deadline && (rounds < FewestRounds || Seconds(round - start) < seconds); rounds++)
        {
            ForEach(racers, deadline, TakeTurn);

            // If the clock has not moved, no contender is left, and the time will never be up.
            long end = clock.GetTimestamp();
            if (end == round)
            {
                break;
            }

            round = end;
        }

        return [.. racers.Select(ResultOf)];
    }

    // Tiered compilation replaces a method some time after it was called often, in the background: so call and wait until
    // nothing was compiled any more. Half of the time is kept for what follows.
    private void WarmUp(Racer[] racers, long deadline)
    {
        long half = Half(deadline);
        long compiled = -1;
        for (int burst = 0; burst < MostBursts && compiled != JitInfo.GetCompiledMethodCount() && clock.GetTimestamp() < half; burst++)
        {
            compiled = JitInfo.GetCompiledMethodCount();
            ForEach(racers, half, EstimateCalls);
            pause();
        }
    }

    private void ForEach(Racer[] racers, long deadline, Action<Racer, long> work)
    {
        foreach (Racer racer in racers)
        {
            if (racer.Failure is not null || clock.GetTimestamp() >= deadline)
            {
                continue;
            }

            try
            {
                racer.Turn.Begin();
                try
                {
                    work(racer, deadline);
                }
                finally
                {
                    racer.Turn.End();
                }
            }
            catch (Exception exception)
            {
                // Whatever a contender throws, the others are timed, and the exception is reported.
                racer.Failure = TimingResult.Of(exception).Failure;
            }
        }
    }

    // The number of calls doubles until they take as long as a turn. An estimate that was interrupted is too low, hence the
    // shorter of two measurements, and the most calls of all bursts.
    private void EstimateCalls(Racer racer, long deadline)
    {
        long start = clock.GetTimestamp();
        long limit = Math.Min(deadline, start + (long)(SecondsOfWarmUp * clock.TimestampFrequency));
        int warm = 0;
        do
        {
            racer.Turn.Call();
            warm++;
        }
        while (warm < MostCallsOfWarmUp && clock.GetTimestamp() < limit);
        if (warm == 1)
        {
            racer.Calls = Math.Max(racer.Calls, 1);
            return;
        }

        int calls = 1;
        long ticks = Measure(racer.Turn, calls, deadline).Ticks;
        while (clock.GetTimestamp() < deadline)
        {
            if (ticks >= TurnTicks)
            {
                ticks = Math.Min(ticks, Measure(racer.Turn, calls, deadline).Ticks);
            }

            if (ticks >= TurnTicks || calls >= MostCalls)
            {
                break;
            }

            calls *= 2;
            ticks = Measure(racer.Turn, calls, deadline).Ticks;
        }

        int ofTurn = ticks <= 0 ? MostCalls : (int)Math.Clamp((double)calls * TurnTicks / ticks, 1, MostCalls);
        racer.Calls = Math.Max(racer.Calls, ofTurn);
    }

    private void TakeTurn(Racer racer, long deadline)
    {
        if (racer.Calls == 0)
        {
            return;
        }

        if (racer.Calls > 1)
        {
            // What fits into a cache is there when the clock starts.
            racer.Turn.Call();
        }

        (int calls, long ticks) = Measure(racer.Turn, racer.Calls, deadline);
        racer.Best = Math.Min(racer.Best, (double)ticks / calls);
        racer.Rounds++;
    }

    // Other threads of the process may allocate now and then; a step that does, does it at every attempt.
    private void MeasureAllocation(Racer racer, long deadline)
    {
        for (int attempt = 0; attempt < MostAttempts && racer.Calls > 0 && racer.Allocated is not 0 && clock.GetTimestamp() < deadline; attempt++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            int calls = Measure(racer.Turn, racer.Calls, deadline).Calls;
            double allocated = (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / calls;
            racer.Allocated = Math.Min(racer.Allocated ?? double.PositiveInfinity, allocated);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (int Calls, long Ticks) Measure(Turn turn, int calls, long deadline)
    {
        int slice = Math.Max(1, calls / SlicesOfTurn);
        int done = 0;
        long start = clock.GetTimestamp();
        long limit = Math.Min(deadline, start + (LongestTurn * TurnTicks));
        long now;
        do
        {
            int end = Math.Min(calls, done + slice);
            for (; done < end; done++)
            {
                turn.Call();
            }

            now = clock.GetTimestamp();
        }
        while (done < calls && now < limit);
        return (done, now - start);
    }

    private TimingResult ResultOf(Racer racer) =>
        racer.Failure is { } failure ? new(null, failure)
        : racer.Rounds == 0 ? new(null, TimingResult.OutOfTime)
        : racer.Best == 0 ? new(null, $"{racer.Calls:N0} calls take no tick of the clock")
        : new(new Timing(Seconds(racer.Best) * 1e9, racer.Allocated, racer.Rounds), null);

    // The timestamp between now and the deadline.
    private long Half(long deadline)
    {
        long now = clock.GetTimestamp();
        return now + ((deadline - now) / 2);
    }

    private double Seconds(double ticks) => ticks / clock.TimestampFrequency;

    private sealed class Racer(Turn turn)
    {
        public Turn Turn { get; } = turn;

        public int Calls { get; set; }

        public int Rounds { get; set; }

        public double Best { get; set; } = double.PositiveInfinity;

        public double? Allocated { get; set; }

        public string? Failure { get; set; }
    }
}
