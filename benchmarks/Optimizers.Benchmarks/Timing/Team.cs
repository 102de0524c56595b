namespace Optimizers.Benchmarks;

/// <summary>Threads that spin between passes, for streams that are to show the bandwidth and nothing else.</summary>
internal sealed class Team(int threads)
{
    private readonly List<Thread> _workers = [];
    private Action<int>? _pass;
    private int _opened;
    private int _finished;

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
    public void Run(Action<int> pass)
    {
        Open(pass);
        pass(0);
        while (Volatile.Read(ref _finished) != threads - 1)
        {
            Thread.SpinWait(1);
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
        Interlocked.Increment(ref _opened);
    }

    private void Work(int share, int seen)
    {
        while (true)
        {
            while (Volatile.Read(ref _opened) == seen)
            {
                Thread.SpinWait(1);
            }

            seen++;
            if (_pass is not { } pass)
            {
                return;
            }

            pass(share);
            Interlocked.Increment(ref _finished);
        }
    }
}
