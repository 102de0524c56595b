namespace Optimizers.Benchmarks;

/// <summary>
/// Threads for the streams, with as little overhead as possible, so that the streams measure only the bandwidth. The threads spin between
/// passes. If another process uses the processor of one thread, the threads that wait for it sleep after a short time.
/// </summary>
internal sealed class Team(int threads)
{
    // Some ten microseconds. This is much longer than the time between two passes, and much shorter than a time slice of the scheduler.
    private const int MostSpins = 2_000;

    private readonly object _changed = new();
    private readonly List<Thread> _workers = [];
    private Action<int>? _pass;
    private Exception? _failure;
    private int _opened;
    private int _finished;
    private int _sleepers;

    public void Begin()
    {
        for (int i = 1; i < threads; i++)
        {
            int share = i;
            int seen = _opened;
            var worker = new Thread(() => Work(share, seen)) { IsBackground = true };
            worker.Start();
            _workers.Add(worker);
        }
    }

    /// <summary>Runs a pass: every thread, including the calling one, does its share.</summary>
    /// <exception cref="InvalidOperationException">A share threw the inner exception. The other shares are done.</exception>
    public void Run(Action<int> pass)
    {
        Open(pass);
        Do(pass, share: 0);
        Await(ref _finished, threads - 1);
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
        {
            throw new InvalidOperationException($"A share of the pass failed: {failure.Message}", failure);
        }
    }

    public void End()
    {
        Open(null);
        _workers.ForEach(worker => worker.Join());
        _workers.Clear();
    }

    private void Open(Action<int>? pass)
    {
        _pass = pass;
        Volatile.Write(ref _finished, 0);
        Increment(ref _opened);
    }

    private void Work(int share, int seen)
    {
        while (true)
        {
            seen++;
            Await(ref _opened, seen);
            if (_pass is not { } pass)
            {
                return;
            }

            Do(pass, share);
            Increment(ref _finished);
        }
    }

    private void Do(Action<int> pass, int share)
    {
        try
        {
            pass(share);
        }
        catch (Exception exception)
        {
            // An exception on a worker thread would end the process, so Run rethrows it on the calling thread.
            Volatile.Write(ref _failure, exception);
        }
    }

    private void Await(ref int counter, int value)
    {
        for (int spin = 0; spin < MostSpins; spin++)
        {
            if (Volatile.Read(ref counter) == value)
            {
                return;
            }

            Thread.SpinWait(1);
        }

        lock (_changed)
        {
            // No wake-up gets lost: either this thread sees the new value of the counter, or the other thread sees that this one sleeps.
            Interlocked.Increment(ref _sleepers);
            while (Volatile.Read(ref counter) != value)
            {
                Monitor.Wait(_changed);
            }

            _sleepers--;
        }
    }

    private void Increment(ref int counter)
    {
        Interlocked.Increment(ref counter);
        if (Volatile.Read(ref _sleepers) > 0)
        {
            lock (_changed)
            {
                Monitor.PulseAll(_changed);
            }
        }
    }
}
