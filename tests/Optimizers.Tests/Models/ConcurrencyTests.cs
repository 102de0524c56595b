namespace Optimizers.Tests;

/// <summary>Concurrent steps on any threads, with or without helper threads, give the same bits and do not deadlock.</summary>
[Collection(nameof(WholeThreadPool))]
public sealed class ConcurrencyTests
{
    // Large enough for four threads even with only two streams.
    private const int Length = 100_000;
    private const int Steps = 20;

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);
    private static readonly float[] _start = Draw.Floats(1, Length);
    private static readonly float[][] _gradients = Draw.Gradients(2, Steps, Length);
    private static readonly Outcome _expected = Run(threads: 1);

    [Fact]
    public void TwoOptimizersCanStepConcurrently()
    {
        var outcomes = new Outcome[2];
        using var both = new Barrier(2);
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(i => new Thread(() =>
        {
            both.SignalAndWait();
            outcomes[i] = Run(threads: 3);
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join(_patience).Should().BeTrue());
        Array.ForEach(outcomes, outcome => outcome.ShouldHaveTheBitsOf(_expected, "a step during a step of another optimizer"));
    }

    [Fact]
    public async Task StepsOnThreadPoolThreadsHaveTheSameBits()
    {
        // More steps than threads in the pool: helpers wait in the queue behind the steps that they should help.
        Task<Outcome>[] steps = [.. Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ => Task.Run(() => Run(threads: 4)))];
        foreach (Outcome outcome in await Task.WhenAll(steps).WaitAsync(_patience))
        {
            outcome.ShouldHaveTheBitsOf(_expected, "a step on a thread of the pool");
        }
    }

    [Fact]
    public void StepFinishesWithAStarvedThreadPool()
    {
        ThreadPool.GetMaxThreads(out int workers, out int completions);
        ThreadPool.GetMinThreads(out int least, out _);
        using var release = new ManualResetEventSlim();
        int most = Math.Max(least, Environment.ProcessorCount) + ThreadPool.ThreadCount;
        using var blocked = new CountdownEvent(2 * most);
        try
        {
            // The pool can add only a few threads to its busy ones, and twice as many work items block. So every helper
            // waits in the queue behind one of them.
            ThreadPool.SetMaxThreads(most, completions).Should().BeTrue();
            for (int i = 0; i < 2 * most; i++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(
                    _ =>
                    {
                        release.Wait();
                        blocked.Signal();
                    },
                    null);
            }

            Outcome? outcome = null;
            var stepping = new Thread(() => outcome = Run(threads: 4));
            stepping.Start();
            stepping.Join(_patience).Should().BeTrue("a step needs no helper");
            outcome!.ShouldHaveTheBitsOf(_expected, "a step without helper threads");
            blocked.CurrentCount.Should().Be(2 * most);
        }
        finally
        {
            release.Set();
            blocked.Wait(_patience).Should().BeTrue();
            ThreadPool.SetMaxThreads(workers, completions);
        }
    }

    [Fact]
    public void LateHelperThreadsChangeNothing()
    {
        // Many short forked passes in a row: a helper of one step may start during the next step or after the end.
        var optimizer = new Optimizer(Length, new SgdOptions(), threads: 4);
        var alone = new Optimizer(Length, new SgdOptions(), threads: 1);
        float[] parameters = [.. _start];
        float[] expected = [.. _start];
        for (int step = 0; step < 500; step++)
        {
            float[] gradients = _gradients[step % Steps];
            optimizer.Step(parameters, gradients);
            alone.Step(expected, gradients);
        }

        parameters.ShouldHaveTheBitsOf(expected, "after 500 steps");
    }

    private static Outcome Run(int threads) =>
        Outcome.OfModel(
            new LambOptions { WeightDecay = 0.1 }, _start, _gradients, new() { Threads = threads, Clip = new ClipByGlobalNorm() });
}

/// <summary>For tests that occupy the whole thread pool.</summary>
[CollectionDefinition(nameof(WholeThreadPool), DisableParallelization = true)]
public sealed class WholeThreadPool;
