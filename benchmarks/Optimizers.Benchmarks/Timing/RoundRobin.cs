using System.Diagnostics;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Optimizers.Benchmarks;

/// <summary>
/// Times contenders against each other on a machine that others use too: in turns, and of each the minimum of many
/// rounds.
/// </summary>
internal static class RoundRobin
{
    private const double NanosecondsOfTurn = 500_000;
    private const double SecondsOfWarmUp = 0.02;
    private const int MostBursts = 10;
    private const int FewestRounds = 7;

    /// <summary>Times one call of each.</summary>
    /// <param name="turns">The contenders.</param>
    /// <param name="seconds">How long they take turns, after the warm-up.</param>
    public static Timing[] Time(IReadOnlyList<Turn> turns, double seconds)
    {
        int[] calls = WarmUp(turns);
        var best = new double[turns.Count];
        Array.Fill(best, double.PositiveInfinity);
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < FewestRounds || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; round++)
        {
            for (int i = 0; i < turns.Count; i++)
            {
                best[i] = Math.Min(best[i], TimeOf(turns[i], calls[i]));
            }
        }

        return [.. turns.Select((turn, i) => new Timing(best[i], AllocatedBy(turn, calls[i])))];
    }

    // Tiered compilation replaces a method some time after it was called often, in the background: so call and wait until
    // nothing was compiled any more.
    private static int[] WarmUp(IReadOnlyList<Turn> turns)
    {
        var calls = new int[turns.Count];
        long compiled = -1;
        for (int burst = 0; burst < MostBursts && compiled != JitInfo.GetCompiledMethodCount(); burst++)
        {
            compiled = JitInfo.GetCompiledMethodCount();
            for (int i = 0; i < turns.Count; i++)
            {
                calls[i] = Math.Max(calls[i], CallsOfTurn(turns[i]));
            }

            Thread.Sleep(150);
        }

        return calls;
    }

    private static int CallsOfTurn(Turn turn)
    {
        turn.Begin();
        long start = Stopwatch.GetTimestamp();
        int calls = 0;
        while (calls < 1 || (calls < 100 && Stopwatch.GetElapsedTime(start).TotalSeconds < SecondsOfWarmUp))
        {
            turn.Call();
            calls++;
        }

        turn.End();
        return Math.Max(1, (int)(NanosecondsOfTurn / TimeOf(turn, calls: 2)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double TimeOf(Turn turn, int calls)
    {
        turn.Begin();
        if (calls > 1)
        {
            // What fits into a cache is there when the clock starts.
            turn.Call();
        }

        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++)
        {
            turn.Call();
        }

        double nanoseconds = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        turn.End();
        return nanoseconds / calls;
    }

    // Other threads of the process may allocate now and then; a step that does, does it at every attempt.
    private static double AllocatedBy(Turn turn, int calls)
    {
        long least = long.MaxValue;
        turn.Begin();
        for (int attempt = 0; attempt < 10 && least > 0; attempt++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < calls; i++)
            {
                turn.Call();
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        turn.End();
        return (double)least / calls;
    }
}
