using System.Diagnostics;

namespace Optimizers.Engine;

/// <summary>
/// Forks and joins: the calling thread and helpers run a number of shares of work. The helpers are from the thread pool, or threads of
/// another library. Each of them has its own
/// range of shares, the same in every run, so that its data stay in its processor's caches. A thread that has
/// finished its own range takes shares from the others.
/// </summary>
/// <remarks>
/// A helper that starts late finds no share left and returns. The caller waits only for shares that a thread has started. So a
/// starved thread pool costs time but cannot deadlock, and no thread is reserved.
/// </remarks>
internal sealed class ThreadTeam : IThreadPoolWorkItem
{
    private const int SharesPerThread = 8;

    // In ints: counters that different threads write are on different cache lines.
    private const int Apart = 32;

    // The helpers spin this long, so a pass or step that follows within 20 µs finds them awake.
    private static readonly long _lingering = Stopwatch.Frequency / 50_000;

    private readonly int _threads;
    private readonly Action<int, int> _runShare;
    private readonly Action<int> _takeShares;
    private readonly int[] _untaken;
    private readonly int[] _occupied;
    private int _helpers;
    private int _finished;
    private Exception? _failure;

    /// <param name="threads">The number of threads, including the caller's; at least 2.</param>
    /// <param name="runShare">Runs a share, on any thread. Its arguments are the number of the share and the number of all shares.</param>
    public ThreadTeam(int threads, Action<int, int> runShare)
    {
        _threads = threads;
        _runShare = runShare;
        _takeShares = TakeShares;
        _untaken = new int[threads * Apart];
        _occupied = new int[threads * Apart];
    }

    private int Shares => _threads * SharesPerThread;

    /// <summary>The exception of a step in which user code threw.</summary>
    public static InvalidOperationException Incomplete(Exception failure) =>
        new("A rule threw an exception; the step is incomplete.", failure);

    /// <summary>Runs all shares, and returns when they are done.</summary>
    /// <param name="others">Threads of another library to use instead of the thread pool's; null if there are none.</param>
    /// <exception cref="InvalidOperationException">A share threw the inner exception; the other shares were run.</exception>
    public void Run(IStepThreads? others = null)
    {
        _finished = 0;
        for (int range = 0; range < _threads; range++)
        {
            // This write opens the range, also for a late helper of an earlier run.
            Volatile.Write(ref _untaken[range * Apart], SharesPerThread);
        }

        try
        {
            int available = others?.Count ?? 0;
            if (available > 1)
            {
                others!.Run(Math.Min(_threads, available), _takeShares);
            }
            else
            {
                CallHelpers();
            }
        }
        finally
        {
            // After any exception, all threads must have stopped before the caller releases the buffers.
            TakeShares(worker: 0);
            Join();
        }

        if (_failure is { } failure)
        {
            _failure = null;
            throw Incomplete(failure);
        }
    }

    /// <summary>The work of a helper.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        int worker = TakePlace();
        TakeShares(worker);
        Linger(worker);
        Volatile.Write(ref _occupied[worker * Apart], 0);
        Interlocked.Decrement(ref _helpers);

        // The caller may have counted this helper as present just before it left, so the helper looks for shares once more.
        TakeShares(worker);
    }

    private void CallHelpers()
    {
        // Either a leaving helper sees the open ranges, or the caller sees that the helper has left.
        Interlocked.MemoryBarrier();
        for (int missing = _threads - 1 - _helpers; missing > 0; missing--)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            Interlocked.Increment(ref _helpers);
        }
    }

    // Join does not use SpinWait, because SpinWait may sleep, and a sleep may be interrupted.
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

    // With more threads than processors, a helper does not spin, because another thread could use its processor.
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
#pragma warning disable CA1031 // An exception of a user's rule must reach the caller's thread and not end the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure = exception;
        }
    }
}
