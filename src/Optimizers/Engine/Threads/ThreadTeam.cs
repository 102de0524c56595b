using System.Diagnostics;

namespace Optimizers.Engine;

/// <summary>
/// Forks and joins: the calling thread and helpers run a number of shares of work. The helpers are from the thread pool, or threads of
/// another library. Each of them has its own range of shares, the same in every run with as many threads, so that its data stay in its
/// processor's caches. A thread that has finished its own range takes shares from the others.
/// </summary>
/// <remarks>
/// <para>A helper that starts late finds no share left and returns. The caller waits only for shares that a thread has started. So a
/// starved thread pool costs time but cannot deadlock, and no thread is reserved.</para>
/// <para>Helpers are woken in a tree: the caller calls two, and each of them calls two more before it starts to work. After its last share a
/// helper spins for a while. The next pass of the same step then only has to open the ranges of shares.</para>
/// </remarks>
internal sealed class ThreadTeam : IThreadPoolWorkItem
{
    private const int SharesPerThread = 8;

    // In ints: counters that different threads write are on different cache lines.
    private const int Apart = 32;

    // The caller spins this often, about 40 µs, before it lets other threads use its processor.
    private const int RoundsOfSpinning = 1_000;

    // The helpers spin this long, so a pass or step that follows within 20 µs finds them awake.
    private static readonly long _lingering = Stopwatch.Frequency / 50_000;

    // The number of helpers that the caller and each helper wake.
    private const int Branches = 2;

    private readonly int _threads;
    private readonly int _processors;
    private readonly Action<int, int> _runShare;
    private readonly Action<int> _takeShares;
    private readonly int[] _untaken;
    private readonly int[] _occupied;

    // The number of ranges of shares in the current run; the ranges with higher numbers stay closed.
    private int _ranges;

    // The number of threads in the current run.
    private int _workers;

    // Helpers to wake in the current run, and helpers that the pool has not started yet.
    private int _uncalled;
    private int _called;
    private int _finished;
    private Exception? _failure;

    /// <param name="threads">The largest number of threads, including the caller's; at least 2.</param>
    /// <param name="runShare">Runs a share, on any thread. Its arguments are the number of the share and the number of all shares.</param>
    /// <param name="processors">The largest number of threads of the pool; 0: the number of processors. More would only wait for
    /// processors.</param>
    public ThreadTeam(int threads, Action<int, int> runShare, int processors = 0)
    {
        _threads = threads;
        _processors = processors == 0 ? Environment.ProcessorCount : processors;
        _runShare = runShare;
        _takeShares = TakeShares;
        _untaken = new int[threads * Apart];
        _occupied = new int[threads * Apart];
    }

    /// <summary>The exception of a step in which user code threw.</summary>
    public static InvalidOperationException Incomplete(Exception failure) =>
        new("A rule threw an exception; the step is incomplete.", failure);

    /// <summary>Runs all shares, and returns when they are done.</summary>
    /// <param name="threads">The number of threads, at least 1; more than the team has are not used. With more threads than processors, the
    /// work has as many shares as for that number, but only as many threads as processors.</param>
    /// <param name="others">Threads of another library to use instead of the thread pool's; null if there are none. A run uses all of them
    /// that the team may use, because OpenMP ends threads that a parallel region does not need, and must create them again for the
    /// next.</param>
    /// <exception cref="InvalidOperationException">A share threw the inner exception; the other shares were run.</exception>
    public void Run(int threads, IStepThreads? others = null)
    {
        int available = others?.Count ?? 0;
        threads = Math.Min(_threads, available > 1 ? available : threads);
        _finished = 0;
        _ranges = threads;
        _workers = available > 1 ? threads : Math.Min(threads, _processors);
        for (int range = 0; range < threads; range++)
        {
            // This write opens the range, also for a late helper of an earlier run.
            Volatile.Write(ref _untaken[range * Apart], SharesPerThread);
        }

        try
        {
            if (available > 1)
            {
                others!.Run(threads, _takeShares);
            }
            else
            {
                CallHelpers(_workers);
            }
        }
        finally
        {
            // After any exception, all threads must have stopped before the caller releases the buffers.
            TakeShares(worker: 0);
            Join(threads * SharesPerThread);
            _uncalled = 0;
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
        CallBranches();
        int worker = TakePlace();
        Interlocked.Decrement(ref _called);
        TakeShares(worker);
        if (worker > 0)
        {
            Linger(worker);
            Volatile.Write(ref _occupied[worker * Apart], 0);

            // The caller may have counted this helper as present just before it left, so the helper looks for shares once more.
            Interlocked.MemoryBarrier();
            TakeShares(worker);
        }
    }

    private void CallHelpers(int workers)
    {
        // Either a leaving helper sees the open ranges, or the caller sees that the helper has left.
        Interlocked.MemoryBarrier();
        int missing = workers - 1 - Volatile.Read(ref _called);
        for (int worker = 1; worker < workers; worker++)
        {
            missing -= Volatile.Read(ref _occupied[worker * Apart]);
        }

        if (missing > 0)
        {
            Volatile.Write(ref _uncalled, missing);
            CallBranches();
        }
    }

    private void CallBranches()
    {
        for (int i = 0; i < Branches && Volatile.Read(ref _uncalled) > 0 && Interlocked.Decrement(ref _uncalled) >= 0; i++)
        {
            Interlocked.Increment(ref _called);
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    // Join does not use SpinWait, because SpinWait may sleep, and a sleep may be interrupted.
    private void Join(int shares)
    {
        for (int round = 0; Volatile.Read(ref _finished) != shares; round++)
        {
            if (round < RoundsOfSpinning)
            {
                Thread.SpinWait(1);
            }
            else
            {
                Thread.Yield();
            }
        }
    }

    // The lowest free place, because a run with few threads uses the lowest ones; 0 if all are taken.
    private int TakePlace()
    {
        for (int worker = 1; worker < _threads; worker++)
        {
            if (Interlocked.CompareExchange(ref _occupied[worker * Apart], 1, 0) == 0)
            {
                return worker;
            }
        }

        return 0;
    }

    // With more threads than processors, a helper does not spin, because another thread could use its processor.
    private void Linger(int worker)
    {
        if (_processors > Environment.ProcessorCount)
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

            Thread.SpinWait(1);
        }
    }

    private void TakeShares(int worker)
    {
        int done = 0;
        int ranges = Volatile.Read(ref _ranges);
        int workers = Volatile.Read(ref _workers);
        for (int i = 0; i < workers; i++)
        {
            // A worker's own ranges first: with more ranges than workers, it has every range that leaves its number as the remainder.
            for (int range = (worker + i) % workers; range < ranges; range += workers)
            {
                done += TakeSharesOf(range);
            }
        }

        if (done > 0)
        {
            Interlocked.Add(ref _finished, done);
        }
    }

    private int TakeSharesOf(int range)
    {
        int done = 0;
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

        return done;
    }

    // An open range belongs to the current run, so the number of shares is that of this run too.
    private void Do(int share)
    {
        try
        {
            _runShare(share, Volatile.Read(ref _ranges) * SharesPerThread);
        }
#pragma warning disable CA1031 // An exception of a user's rule must reach the caller's thread and not end the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure = exception;
        }
    }
}
