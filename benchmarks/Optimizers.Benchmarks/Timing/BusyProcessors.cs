namespace Optimizers.Benchmarks;

/// <summary>One thread for each processor, which uses it all the time.</summary>
internal sealed class BusyProcessors
{
    private readonly List<Thread> _threads = [];
    private volatile bool _isBusy;

    /// <summary>Starts the threads, and returns when all of them run.</summary>
    public void Begin()
    {
        _isBusy = true;
        using var running = new CountdownEvent(Environment.ProcessorCount);
        for (int i = 0; i < Environment.ProcessorCount; i++)
        {
            var thread = new Thread(() =>
            {
                running.Signal();
                while (_isBusy)
                {
                    // A loop without a pause: the operating system sees a thread that always wants to run.
                }
            })
            { IsBackground = true };
            _threads.Add(thread);
            thread.Start();
        }

        running.Wait();
    }

    /// <summary>Stops the threads, and waits until they have ended.</summary>
    public void End()
    {
        _isBusy = false;
        _threads.ForEach(thread => thread.Join());
        _threads.Clear();
    }
}
