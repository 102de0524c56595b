using System.Runtime;
using System.Runtime.CompilerServices;
using Optimizers.Schedules;

namespace Optimizers.Benchmarks;

/// <summary>
/// Compares the times of contenders on a machine that other processes use as well. The contenders take turns, and the result of each is
/// its minimum over many rounds (<see cref="Turn.IsMean"/>: the mean).
/// </summary>
/// <remarks>
/// All times are timestamps of the clock, because a <see cref="TimeSpan"/> counts in units of 100 ns, and a small call takes less than that.
/// Every loop has a maximum number of calls or ends at the deadline, so only a call that never returns can block it.
/// </remarks>
/// <param name="clock">The clock. Tests use a fake clock.</param>
/// <param name="pause">Waits for a short time, so that the runtime can compile in the background.</param>
internal sealed class RoundRobin(TimeProvider clock, Action pause)
{
    /// <summary>The maximum number of calls of a turn.</summary>
    public const int MostCalls = 1 << 20;

    /// <summary>The minimum number of rounds of a contest. Only the deadline can end a contest with fewer rounds.</summary>
    public const int FewestRounds = 7;

    private const double SecondsOfTurn = 500e-6;
    private const double SecondsOfWarmUp = 0.02;
    private const int MostCallsOfWarmUp = 100;
    private const int MostBursts = 10;
    private const int MostAttempts = 10;

    // A turn reads the clock between its slices. It stops when it takes ten times as long as estimated, because then another
    // process uses the processor. The finished calls count.
    private const int SlicesOfTurn = 16;
    private const int LongestTurn = 10;

    // The work before each call may take much longer than the call, for example a backward pass.
    private const int LongestPreparedTurn = 40;

    // A turn whose result is a mean is so long that the operating system changes the threads of a processor several times in it.
    private const int LengthOfMeanTurn = 40;

    private long TurnTicks => Math.Max(1, (long)(SecondsOfTurn * clock.TimestampFrequency));

    /// <summary>Measures the time of one call of each contender.</summary>
    /// <param name="turns">The contenders.</param>
    /// <param name="seconds">The measuring time in seconds, after the warm-up.</param>
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

            // If the clock has not moved, no contender is left, and the loop would never end.
            long end = clock.GetTimestamp();
            if (end == round)
            {
                break;
            }

            round = end;
        }

        return [.. racers.Select(ResultOf)];
    }

    // Tiered compilation replaces a method in the background, some time after many calls. So call and wait until no method was
    // compiled in between. Use at most half of the time for this.
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
                // Report any exception of a contender, and time the others.
                racer.Failure = TimingResult.Of(exception).Failure;
            }
        }
    }

    // Double the number of calls until they take as long as a turn. An interruption makes the estimate of the number too low, so take the
    // shorter of two measurements, and the largest number of all bursts.
    private void EstimateCalls(Racer racer, long deadline)
    {
        long start = clock.GetTimestamp();
        long limit = Math.Min(deadline, start + (long)(SecondsOfWarmUp * clock.TimestampFrequency));
        int warm = 0;
        do
        {
            racer.Turn.BeforeCall?.Invoke();
            racer.Turn.Call();
            warm++;
        }
        while (warm < MostCallsOfWarmUp && clock.GetTimestamp() < limit);
        if (warm == 1 || racer.Turn.BeforeCall is not null)
        {
            // A turn of calls with work before each of them ends by the clock.
            racer.Calls = Math.Max(racer.Calls, warm == 1 ? 1 : MostCalls);
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

        int ofTurn = ticks <= 0 ? MostCalls : (int)Math.Clamp((double)calls * TicksOf(racer.Turn) / ticks, 1, MostCalls);
        racer.Calls = Math.Max(racer.Calls, ofTurn);
    }

    private void TakeTurn(Racer racer, long deadline)
    {
        if (racer.Calls == 0)
        {
            return;
        }

        if (racer.Calls > 1 || racer.Turn.LoadsCaches)
        {
            // One call before the measurement loads the data into the caches.
            racer.Turn.BeforeCall?.Invoke();
            racer.Turn.Call();
        }

        (int calls, long ticks) = Measure(racer.Turn, racer.Calls, deadline);
        double mean = (double)ticks / calls;
        racer.Best = Math.Min(racer.Best, mean);
        racer.OfRounds.Add(mean);
    }

    // Other threads of the process can allocate during an attempt. A step that allocates does so in every attempt, so take the minimum.
    private void MeasureAllocation(Racer racer, long deadline)
    {
        for (int attempt = 0; attempt < MostAttempts && racer.Calls > 0 && racer.Allocated is not 0 && clock.GetTimestamp() < deadline; attempt++)
        {
            double allocated = racer.Turn.BeforeCall is null ? AllocatedByCalls(racer, deadline) : AllocatedByCall(racer.Turn);
            racer.Allocated = Math.Min(racer.Allocated ?? double.PositiveInfinity, allocated);
        }
    }

    private double AllocatedByCalls(Racer racer, long deadline)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        int calls = Measure(racer.Turn, racer.Calls, deadline).Calls;
        return (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / calls;
    }

    // The work before the call may allocate.
    private static long AllocatedByCall(Turn turn)
    {
        turn.BeforeCall!();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        turn.Call();
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }

    private (int Calls, long Ticks) Measure(Turn turn, int calls, long deadline) => turn.BeforeCall is { } prepare
        ? MeasureEach(prepare, turn.Call, calls, deadline)
        : MeasureTogether(turn, calls, deadline);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (int Calls, long Ticks) MeasureEach(Action prepare, Action call, int calls, long deadline)
    {
        int done = 0;
        long ticks = 0;
        long limit = Math.Min(deadline, clock.GetTimestamp() + (LongestPreparedTurn * TurnTicks));
        long now;
        do
        {
            prepare();
            long start = clock.GetTimestamp();
            call();
            now = clock.GetTimestamp();
            ticks += now - start;
            done++;
        }
        while (done < calls && ticks < TurnTicks && now < limit);
        return (done, ticks);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (int Calls, long Ticks) MeasureTogether(Turn turn, int calls, long deadline)
    {
        int slice = Math.Max(1, calls / SlicesOfTurn);
        int done = 0;
        long start = clock.GetTimestamp();
        long limit = Math.Min(deadline, start + (LongestTurn * TicksOf(turn)));
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

    private long TicksOf(Turn turn) => turn.IsMean ? LengthOfMeanTurn * TurnTicks : TurnTicks;

    private TimingResult ResultOf(Racer racer) =>
        racer.Failure is { } failure ? new(null, failure)
        : racer.OfRounds.Count == 0 ? new(null, TimingResult.OutOfTime)
        : racer.Best == 0 ? new(null, $"{racer.Calls:N0} calls take less than one tick of the clock")
        : new(
            new Timing(Seconds(racer.Turn.IsMean ? racer.OfRounds.Average() : racer.Best) * 1e9, racer.Allocated, racer.OfRounds.Count) { OfRounds = [.. racer.OfRounds.Select(ticks => Seconds(ticks) * 1e9)] },
            null);

    // The timestamp half-way between now and the deadline.
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

        public List<double> OfRounds { get; } = [];

        public double Best { get; set; } = double.PositiveInfinity;

        public double? Allocated { get; set; }

        public string? Failure { get; set; }
    }
}
