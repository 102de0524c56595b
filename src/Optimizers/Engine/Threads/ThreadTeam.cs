using System.Diagnostics;

namespace Optimizers.Engine;

/// <summary>
/// Forks and joins: the caller, with helpers from the thread pool, does a number of shares of work. Each of them has a
/// range of shares of its own, the same in every run, so that what it works on stays in its processor's caches; whoever is
/// through with its own takes from the others'.
/// </summary>
/// <remarks>
/// A helper that comes late finds no share left and goes; the caller waits only for shares that somebody has taken. So a
/// starved thread pool costs time but cannot deadlock, and no thread is kept.
/// </remarks>
internal sealed class ThreadTeam : IThreadPoolWorkItem
{
    private const int SharesPerThread = 8;

    // In ints: counters that different threads write to stand on different cache lines.
    private const int Apart = 32;

    // A pass or a step that follows within 20 µs finds the helpers awake.
    private static readonly long _lingering = Stopwatch.Frequency / 50_000;

    private readonly int _threads;
    private readonly Action<int, int> _runShare;
    private readonly int[] _untaken;
    private readonly int[] _occupied;
    private int _helpers;
    private int _finished;
    private Exception? _failure;

    /// <param name="threads">The number of threads, the caller's included; at least 2.</param>
    /// <param name="runShare">Does a share: its number, and the number of all. Called on any thread.</param>
    public ThreadTeam(int threads, Action<int, int> runShare)
    {
        _threads = threads;
        _runShare = runShare;
        _untaken = new int[threads * Apart];
        _occupied = new int[threads * Apart];
    }

    private int Shares => _threads * SharesPerThread;

    /// <summary>What a step throws if something in it threw.</summary>
    public static InvalidOperationException Incomplete(Exception failure) =>
        new("A rule threw an exception; the step is incomplete.", failure);

    /// <summary>Does all shares, and returns when they are done.</summary>
    /// <exception cref="InvalidOperationException">A share threw the inner exception; the others were done.</exception>
    public void Run()
    {
        _finished = 0;
        for (int range = 0; range < _threads; range++)
        {
            // This write opens the range, also to a late helper of an earlier run.
            Volatile.Write(ref _untaken[range * Apart], SharesPerThread);
        }

        try
        {
            CallHelpers();
        }
        finally
        {
            // Whatever happens, nobody may be at work when the caller lets go of the buffers.
            TakeShares(worker: 0);
            Join();
        }

        if (_failure is { } failure)
        {
            _failure = null;
            throw Incomplete(failure);
        }
    }

    /// <summary>What a helper does.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        int worker = TakePlace();
        TakeShares(worker);
        Linger(worker);
        Volatile.Write(ref _occupied[worker * Apart], 0);
        Interlocked.Decrement(ref _helpers);

        // The caller may have counted on a helper that was about to go.
        TakeShares(worker);
    }

    private void CallHelpers()
    {
        // The ranges are open to a leaving helper, or the helper has left in the eyes of the caller.
        Interlocked.MemoryBarrier();
        for (int missing = _threads - 1 - _helpers; missing > 0; missing--)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            Interlocked.Increment(ref _helpers);
        }
    }

    // Not by SpinWait, which may sleep, and a sleep may be interrupted.
    private void Join()
    {
        for (int round = 0; Volatile.Read(ref _finished) != Shares; round++)
        {
            if (round < 1_000)
            {
                Thread.SpinWait(4);
            }
            else
            {
                Thread.Yield();
            }
        }
    }

    private int TakePlace()
    {
        int worker = 1;
        while (worker < _threads - 1 && Interlocked.CompareExchange(ref _occupied[worker * Apart], 1, 0) != 0)
        {
            worker++;
        }

        return worker;
    }

    // Not where threads outnumber processors: somebody else could use this one.
    private void Linger(int worker)
    {
        if (_threads > Environment.ProcessorCount)
        {
            return;
        }

        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() - start < _lingering)
        {
            if (Volatile.Read(ref _untaken[worker * Apart]) > 0)
            {
                TakeShares(worker);
                start = Stopwatch.GetTimestamp();
            }

            Thread.SpinWait(4);
        }
    }

    private void TakeShares(int worker)
    {
        int done = 0;
        for (int i = 0; i < _threads; i++)
        {
            int range = (worker + i) % _threads;
            ref int untaken = ref _untaken[range * Apart];
            while (Volatile.Read(ref untaken) > 0)
            {
                int left = Interlocked.Decrement(ref untaken);
                if (left >= 0)
                {
                    Do((range * SharesPerThread) + SharesPerThread - 1 - left);
                    done++;
                }
            }
        }

        if (done > 0)
        {
            Interlocked.Add(ref _finished, done);
        }
    }

    private void Do(int share)
    {
        try
        {
            _runShare(share, Shares);
        }
#pragma warning disable CA1031 // Whatever a user's rule throws must reach the caller's thread, not end the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure = exception;
        }
    }
}
