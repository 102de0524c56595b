using System.Diagnostics;

namespace Optimizers.Benchmarks;

/// <summary>
/// Times contenders against each other on a machine that others use too: in turns, and of each the minimum of many
/// rounds.
/// </summary>
internal static class RoundRobin
{
    private const double SecondsOfRound = 0.0005;

    /// <summary>The best time of one call of each, in nanoseconds.</summary>
    public static double[] Time(IReadOnlyList<Action> contenders, double seconds)
    {
        // Tiered compilation replaces a method after it was called often, in the background.
        var repetitions = new int[contenders.Count];
        for (int i = 0; i < contenders.Count; i++)
        {
            repetitions[i] = Repetitions(contenders[i]);
        }

        var best = new double[contenders.Count];
        Array.Fill(best, double.PositiveInfinity);
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < 5 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; round++)
        {
            for (int i = 0; i < contenders.Count; i++)
            {
                best[i] = Math.Min(best[i], TimeOnce(contenders[i], repetitions[i]));
            }
        }

        return best;
    }

    private static int Repetitions(Action contender)
    {
        long start = Stopwatch.GetTimestamp();
        int calls = 0;
        while (calls < 3 || (calls < 200 && Stopwatch.GetElapsedTime(start).TotalSeconds < 0.3))
        {
            contender();
            calls++;
        }

        Thread.Sleep(150);
        double once = TimeOnce(contender, 3);
        return Math.Max(1, (int)(SecondsOfRound * 1e9 / once));
    }

    private static double TimeOnce(Action contender, int repetitions)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repetitions; i++)
        {
            contender();
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / repetitions;
    }
}
