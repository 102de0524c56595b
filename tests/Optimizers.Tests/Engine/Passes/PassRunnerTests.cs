using System.Collections.Concurrent;

namespace Optimizers.Tests;

/// <summary>A pass processes every element once, in parts that begin at multiples of 1,024. It still works after an exception.</summary>
public sealed class PassRunnerTests
{
    private static readonly int[][] _byHand =
        [[], [0], [1], [4_096], [0, 5, 0, 0, 70_000, 0], [200_001], [40_000, 1, 40_000, 0, 40_000]];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(int.MaxValue)]
    public void EveryElementIsProcessedOnce(int threads)
    {
        foreach (int[] lengths in (int[][])[.. _byHand, .. Enumerable.Range(0, 20).Select(Drawn)])
        {
            var update = new RecordingStep();
            var batch = new TensorBatch();
            var runner = new PassRunner(batch, threads);
            Fill(batch, update, lengths);
            for (int pass = 0; pass < 2; pass++)
            {
                update.Parts.Clear();
                runner.Apply();
                for (int job = 0; job < lengths.Length; job++)
                {
                    CheckCover([.. update.Parts.Where(part => part.Job == job).Select(part => (part.Start, part.End)).Order()], lengths[job]);
                }
            }
        }
    }

    [Fact]
    public void SmallPassStaysOnTheCallingThread()
    {
        var update = new RecordingStep();
        var batch = new TensorBatch();
        var runner = new PassRunner(batch, threads: 4);
        Fill(batch, update, [20_000, 5]);
        runner.Apply();
        update.Parts.Should().HaveCount(2).And.OnlyContain(part => part.Thread == Environment.CurrentManagedThreadId);
    }

    [Fact]
    public void LargePassUsesSeveralThreads()
    {
        var update = new RecordingStep();
        var batch = new TensorBatch();
        var runner = new PassRunner(batch, threads: 2);
        Fill(batch, update, [60_000]);
        runner.Apply();
        update.Parts.Should().HaveCount(16, "two threads have eight shares each");
    }

    [Theory]
    [InlineData(0, 16, 1)]
    [InlineData(99_999, 16, 1)]
    [InlineData(100_000, 16, 2)]
    [InlineData(400_000, 16, 8)]
    [InlineData(4_000_000, 16, 16)]
    [InlineData(4_000_000, 1, 1)]
    [InlineData(long.MaxValue, 1_024, 1_024)]
    public void NumberOfThreadsGrowsWithTheWork(long effort, int most, int threads) =>
        PassRunner.ThreadsFor(effort, most).Should().Be(threads);

    // SGD reads two buffers: 75,000 elements are worth three threads with eight shares each.
    [Fact]
    public void PassUsesAsManyThreadsAsItIsWorth()
    {
        var update = new RecordingStep();
        var batch = new TensorBatch();
        var runner = new PassRunner(batch, threads: 16);
        Fill(batch, update, [75_000]);
        runner.Apply();
        update.Parts.Should().HaveCount(24);
    }

    [Fact]
    public void ThreadCountOfOneUsesOneThread()
    {
        var update = new RecordingStep();
        var batch = new TensorBatch();
        var runner = new PassRunner(batch, threads: 1);
        Fill(batch, update, [600_000]);
        runner.Apply();
        update.Parts.Should().ContainSingle().Which.Thread.Should().Be(Environment.CurrentManagedThreadId);
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 200_000)]
    [InlineData(4, 200_000)]
    public void ExceptionFromARuleReachesTheCaller(int threads, int length)
    {
        var update = new RecordingStep { Failure = new FormatException("mine") };
        var batch = new TensorBatch();
        var runner = new PassRunner(batch, threads);
        Fill(batch, update, [length]);
        for (int attempt = 0; attempt < 3; attempt++)
        {
            runner.Invoking(w => w.Apply()).Should().Throw<InvalidOperationException>()
                .WithMessage("*incomplete*").WithInnerException<FormatException>().WithMessage("mine");
        }

        update.Failure = null;
        update.Parts.Clear();
        runner.Apply();
        update.Parts.Sum(part => (long)(part.End - part.Start)).Should().Be(length);
    }

    [Fact]
    public void ExceptionOnAHelperThreadReachesTheCaller()
    {
        int caller = Environment.CurrentManagedThreadId;
        using var helped = new ManualResetEventSlim();
        var update = new RecordingStep
        {
            OnPart = () =>
            {
                if (Environment.CurrentManagedThreadId != caller)
                {
                    helped.Set();
                    throw new FormatException("on a helper");
                }

                helped.Wait(TimeSpan.FromMinutes(1));
            },
        };
        var batch = new TensorBatch();
        var runner = new PassRunner(batch, threads: 2);
        Fill(batch, update, [200_000]);
        runner.Invoking(w => w.Apply()).Should().Throw<InvalidOperationException>()
            .WithInnerException<FormatException>().WithMessage("on a helper");
    }

    private static int[] Drawn(int seed) => [.. Draw.Floats(seed, 30, 9_000).Select(x => (int)Math.Abs(x))];

    private static void CheckCover((nuint Start, nuint End)[] parts, int length)
    {
        nuint done = 0;
        foreach ((nuint start, nuint end) in parts)
        {
            start.Should().Be(done);
            (start % 1024).Should().Be(0);
            done = end;
        }

        done.Should().Be((nuint)length);
    }

    private static unsafe void Fill(TensorBatch batch, RecordingStep step, int[] lengths)
    {
        var state = new OptimizerState(TensorShape.OfVector(0), step.Definition);
        step.Begin(learningRate: 1, weightDecay: 0, zeroGradients: false);
        batch.Clear();
        for (int i = 0; i < lengths.Length; i++)
        {
            batch.Add(step, state, lengths[i]).Rule = i;
        }
    }

    /// <summary>Touches no memory and records the calls.</summary>
    private sealed class RecordingStep() : GroupStep(((IOptimizerOptions)new SgdOptions()).Define(), new SgdOptions())
    {
        public ConcurrentBag<(int Job, nuint Start, nuint End, int Thread)> Parts { get; } = [];

        public Exception? Failure { get; set; }

        public Action? OnPart { get; init; }

        public override void Clear()
        {
        }

        public override int AddRule(OptimizerState state, ReadOnlySpan<double> scalars) => 0;

        public override void Advance()
        {
        }

        public override long IterationOf(int rule) => 1;

        public override ReadOnlySpan<double> ScalarsAfter(int rule) => [];

        public override void Apply(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
        {
            Parts.Add((job.Rule, start, end, Environment.CurrentManagedThreadId));
            OnPart?.Invoke();
            if (Failure is { } failure)
            {
                throw failure;
            }
        }
    }
}
