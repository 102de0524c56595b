namespace Optimizers.Tests;

/// <summary>Steps on the threads of another library.</summary>
public sealed class StepThreadsTests
{
    private const int Length = 200_000;

    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(3, 5)]
    public void StepRunsOnThemWithTheSameBits(int threads, int available)
    {
        var others = new OtherThreads(available);
        float[] expected = Train(new ModelOptimizerOptions { Threads = 1 }, others: null);
        float[] actual = Train(new ModelOptimizerOptions { Threads = threads }, others);
        actual.Should().Equal(expected);
        others.Counts.Should().OnlyContain(count => count == Math.Min(threads, available)).And.HaveCount(6, "the norm and the update of three steps");
    }

    // The library may have fewer threads than it said.
    [Fact]
    public void CallerDoesTheWorkOfNumbersThatAreLeftOut()
    {
        var others = new OtherThreads(4) { LeavesOut = 2 };
        Train(new ModelOptimizerOptions { Threads = 4 }, others).Should().Equal(Train(new ModelOptimizerOptions { Threads = 1 }, others: null));
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(4, 1)]
    [InlineData(4, 0)]
    public void OneThreadNeedsNone(int threads, int available)
    {
        var others = new OtherThreads(available);
        Train(new ModelOptimizerOptions { Threads = threads }, others).Should().Equal(Train(new ModelOptimizerOptions { Threads = 1 }, others: null));
        others.Counts.Should().BeEmpty();
    }

    [Fact]
    public void ExceptionOnAnotherThreadReachesTheCallerAfterAllHaveStopped()
    {
        int caller = Environment.CurrentManagedThreadId;
        int running = 0;
        var team = new ThreadTeam(2, (share, _) =>
        {
            Interlocked.Increment(ref running);
            try
            {
                if (Environment.CurrentManagedThreadId != caller)
                {
                    throw new InvalidOperationException($"share {share}");
                }
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        });
        var others = new OtherThreads(2) { CallerWaits = true };
        team.Invoking(t => t.Run(2, others)).Should().Throw<InvalidOperationException>().WithInnerException<InvalidOperationException>().WithMessage("share *");
        running.Should().Be(0);
        int done = 0;
        new ThreadTeam(2, (_, _) => Interlocked.Increment(ref done)).Run(2, others);
        done.Should().Be(16);
    }

    [Fact]
    public void StepOnThemAllocatesNothing()
    {
        using ParameterSet set = Make(new CallersThread());
        var model = new ModelOptimizer(set, new AdamWOptions(), new ModelOptimizerOptions { Threads = 2, Clip = new ClipByGlobalNorm() });
        model.Step();
        model.Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        model.Step();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    private static float[] Train(ModelOptimizerOptions options, OtherThreads? others)
    {
        using ParameterSet set = Make(others);
        var model = new ModelOptimizer(set, new AdamWOptions(), options with { Clip = new ClipByGlobalNorm() });
        for (int step = 0; step < 3; step++)
        {
            model.Step();
        }

        return set[0].Values.ToArray();
    }

    private static ParameterSet Make(IStepThreads? others)
    {
        var set = new ParameterSet { StepThreads = others };
        Parameter parameter = set.Add("p", Length);
        var random = new Random(1);
        for (int i = 0; i < Length; i++)
        {
            parameter.Values[i] = random.NextSingle();
            parameter.Gradients[i] = random.NextSingle() - 0.5f;
        }

        return set;
    }

    private sealed class OtherThreads(int count) : IStepThreads
    {
        public List<int> Counts { get; } = [];

        public int LeavesOut { get; init; } = -1;

        public bool CallerWaits { get; init; }

        public int Count => count;

        public void Run(int count, Action<int> work)
        {
            Counts.Add(count);
            Thread[] threads = [.. Enumerable.Range(1, count - 1).Where(number => number != LeavesOut).Select(number => new Thread(() => work(number)))];
            Array.ForEach(threads, thread => thread.Start());
            if (CallerWaits)
            {
                Array.ForEach(threads, thread => thread.Join());
            }

            work(0);
            Array.ForEach(threads, thread => thread.Join());
        }
    }

    private sealed class CallersThread : IStepThreads
    {
        public int Count => 2;

        public void Run(int count, Action<int> work) => work(0);
    }
}
