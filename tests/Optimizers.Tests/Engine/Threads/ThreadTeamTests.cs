using System.Collections.Concurrent;

namespace Optimizers.Tests;

/// <summary>A team of threads runs every share once and returns, whatever the processors and the thread pool do.</summary>
[Collection(nameof(WholeThreadPool))]
public sealed class ThreadTeamTests
{
    private const int SharesPerThread = 8;

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    // More threads than this machine has processors, and another number of them in each run: a late helper of one run meets
    // the ranges of the next.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(32)]
    public void EveryShareRunsOnceWithAnyNumberOfThreads(int processors) => InTime(() =>
    {
        const int Most = 32;
        int[] runs = new int[Most * SharesPerThread];
        int sharesOfRun = 0;
        var team = new ThreadTeam(Most, (share, shares) =>
        {
            shares.Should().Be(sharesOfRun);
            Interlocked.Increment(ref runs[share]);
        }, processors);
        int threads = 1;
        for (int run = 0; run < 5_000; run++)
        {
            threads = (threads * 7 % 37) + 1;
            Array.Clear(runs);
            sharesOfRun = Math.Min(threads, Most) * SharesPerThread;
            team.Run(threads);
            runs[..sharesOfRun].Should().OnlyContain(count => count == 1, $"run {run} has {threads} threads");
            runs.Sum().Should().Be(sharesOfRun, $"run {run} has {threads} threads");
        }
    });

    // Every thread waits in its first share until all have one. The caller calls two helpers, so the others have to be called by helpers.
    [Fact]
    public void HelpersCallFurtherHelpers() => InTime(() =>
    {
        const int Threads = 8;
        ThreadPool.GetMinThreads(out int least, out int completions);
        ThreadPool.SetMinThreads(Math.Max(least, 2 * Threads), completions).Should().BeTrue();
        try
        {
            using var all = new CountdownEvent(Threads);
            var arrived = new ConcurrentDictionary<int, int>();
            var team = new ThreadTeam(Threads, (_, _) =>
            {
                if (arrived.TryAdd(Environment.CurrentManagedThreadId, 0))
                {
                    all.Signal();
                    all.Wait();
                }
            }, Threads);
            team.Run(Threads);
            arrived.Should().HaveCount(Threads);
        }
        finally
        {
            ThreadPool.SetMinThreads(least, completions);
        }
    });

    [Fact]
    public void SmallRunCallsNoMoreHelpersThanItNeeds() => InTime(() =>
    {
        const int Most = 32;
        var threads = new ConcurrentDictionary<int, int>();
        var team = new ThreadTeam(Most, (_, _) =>
        {
            threads.TryAdd(Environment.CurrentManagedThreadId, 0);
            Thread.Sleep(1);
        }, Most);
        team.Run(2);
        threads.Should().HaveCountLessThanOrEqualTo(2);
    });

    [Fact]
    public void RunUsesNoMoreThreadsThanProcessors() => InTime(() =>
    {
        var threads = new ConcurrentDictionary<int, int>();
        int shares = 0;
        var team = new ThreadTeam(8, (_, all) =>
        {
            threads.TryAdd(Environment.CurrentManagedThreadId, 0);
            shares = all;
            Thread.Sleep(1);
        }, processors: 2);
        team.Run(8);
        threads.Should().HaveCountLessThanOrEqualTo(2);
        shares.Should().Be(8 * SharesPerThread);
    });

    [Fact]
    public void ThirtyTwoThreadsGiveTheSameBits() => InTime(() =>
    {
        // Four buffers of 430,000 elements are worth 32 threads.
        const int Length = 430_007;
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, 20, Length);
        Phase(start, gradients, threads: 32).ShouldHaveTheBitsOf(Phase(start, gradients, threads: 1), "32 threads");
    });

    [Fact]
    public void StepsEndWhileEveryProcessorIsBusy() => InTime(() =>
    {
        const int Length = 100_007;
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, 20, Length);
        Outcome expected = Phase(start, gradients, threads: 1);
        bool stop = false;
        Thread[] busy = [.. Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
            }
        }))];
        Array.ForEach(busy, thread => thread.Start());
        try
        {
            foreach (int threads in (int[])[2, 8])
            {
                Phase(start, gradients, threads).ShouldHaveTheBitsOf(expected, $"{threads} threads on busy processors");
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
            Array.ForEach(busy, thread => thread.Join());
        }
    });

    // Between the norm and the update, user code runs on the caller's thread, while the helpers wait for the second pass.
    [Theory]
    [InlineData(2)]
    [InlineData(32)]
    public void ExceptionBetweenTheTwoPassesWritesNothingAndReleasesTheHelpers(int threads) => InTime(() =>
    {
        const int Length = 430_007;
        bool armed = false;
        int caller = Environment.CurrentManagedThreadId;
        using var set = new ParameterSet();
        Draw.Floats(1, Length).CopyTo(set.Add("p", Length).Values);
        Draw.Floats(2, Length).CopyTo(set["p"].Gradients);
        var model = new ModelOptimizer(set, new AdamWOptions(), new()
        {
            Threads = threads,
            ZeroGradients = true,
            Clip = new GlobalClip(step =>
            {
                Environment.CurrentManagedThreadId.Should().Be(caller);
                return armed ? throw new FormatException("mine") : 1;
            }),
        });
        model.Step();
        Draw.Floats(3, Length).CopyTo(set["p"].Gradients);
        float[] gradients = set["p"].Gradients.ToArray();
        var before = new Outcome(set["p"].Values.ToArray(), model.StateOf("p").Save());
        armed = true;
        for (int attempt = 0; attempt < 3; attempt++)
        {
            model.Invoking(m => m.Step()).Should().Throw<InvalidOperationException>().WithInnerException<FormatException>();
            new Outcome(set["p"].Values.ToArray(), model.StateOf("p").Save()).ShouldHaveTheBitsOf(before, "refused");
            set["p"].Gradients.ToArray().ShouldHaveTheBitsOf(gradients, "refused");
        }

        armed = false;
        model.Step().Update.Should().Be(1);
        set["p"].Gradients.IndexOfAnyExcept(0f).Should().Be(-1);
    });

    // A rule that throws in its measuring pass or in its update, on some of the shares of 32 threads.
    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public void ExceptionInOnePassLetsTheNextOneRun(int share)
    {
        int failing = -1;
        int done = 0;
        var team = new ThreadTeam(32, (number, _) =>
        {
            Interlocked.Increment(ref done);
            if (number == Volatile.Read(ref failing))
            {
                throw new FormatException("mine");
            }
        }, 32);
        InTime(() =>
        {
            for (int pass = 0; pass < 200; pass++)
            {
                done = 0;
                failing = pass % 2 == 0 ? share : -1;
                if (failing < 0)
                {
                    team.Run(32);
                }
                else
                {
                    team.Invoking(t => t.Run(32)).Should().Throw<InvalidOperationException>().WithInnerException<FormatException>();
                }

                done.Should().Be(32 * SharesPerThread, "the other shares run");
            }
        });
    }

    private static Outcome Phase(float[] start, float[][] gradients, int threads) =>
        Outcome.OfModel(new AdamWOptions(), start, gradients, new() { Threads = threads, Clip = new ClipByGlobalNorm(), ZeroGradients = true });

    private static void InTime(Action test)
    {
        Task running = Task.Factory.StartNew(test, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task.WaitAny([running], _patience).Should().Be(0, "a run never waits for a thread that has not started");
        running.GetAwaiter().GetResult();
    }
}
