namespace Optimizers.Benchmarks;

/// <summary>
/// Threads for streams that are to show the bandwidth and nothing else. They spin between passes; where another process has
/// the processor of one of them, the ones that wait for it soon sleep.
/// </summary>
internal sealed class Team(int threads)
{
    // Some ten microseconds: much longer than from one pass to the next, much shorter than a turn of the system's scheduler.
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

    /// <summary>Has every thread, the caller's too, do its share.</summary>
    /// <exception cref="InvalidOperationException">A share threw the inner exception; the others were done.</exception>
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
            // On a worker an exception would end the process; the caller throws it instead.
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
            // Either this sees the new value of the counter, or the thread that changed it sees the sleeper.
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
