using System.Collections.Concurrent;

namespace Optimizers.Tests;

/// <summary>A pass does every element once, in parts that begin at block boundaries, and outlives what goes wrong.</summary>
public sealed class WorkListTests
{
    private static readonly int[][] _byHand =
        [[], [0], [1], [4_096], [0, 5, 0, 0, 70_000, 0], [200_001], [40_000, 1, 40_000, 0, 40_000]];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(int.MaxValue)]
    public void EveryElementIsDoneOnce(int threads)
    {
        foreach (int[] lengths in (int[][])[.. _byHand, .. Enumerable.Range(0, 20).Select(Drawn)])
        {
            var update = new RecordingUpdate();
            var work = new WorkList(threads);
            Fill(work, update, lengths);
            for (int pass = 0; pass < 2; pass++)
            {
                update.Parts.Clear();
                work.Apply();
                for (int job = 0; job < lengths.Length; job++)
                {
                    CheckCover([.. update.Parts.Where(part => part.Job == job).Select(part => (part.Start, part.End)).Order()], lengths[job]);
                }
            }
        }
    }

    [Fact]
    public void ASmallPassStaysOnItsThread()
    {
        var update = new RecordingUpdate();
        var work = new WorkList(threads: 4);
        Fill(work, update, [20_000, 5]);
        work.Apply();
        update.Parts.Should().HaveCount(2).And.OnlyContain(part => part.Thread == Environment.CurrentManagedThreadId);
    }

    [Fact]
    public void ALargePassIsSharedOut()
    {
        var update = new RecordingUpdate();
        var work = new WorkList(threads: 2);
        Fill(work, update, [60_000]);
        work.Apply();
        // There are 16 shares, two of which begin in the block where another begins, and so are empty.
        update.Parts.Should().HaveCount(14);
    }

    [Fact]
    public void OneThreadMeansOne()
    {
        var update = new RecordingUpdate();
        var work = new WorkList(threads: 1);
        Fill(work, update, [600_000]);
        work.Apply();
        update.Parts.Should().ContainSingle().Which.Thread.Should().Be(Environment.CurrentManagedThreadId);
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 200_000)]
    [InlineData(4, 200_000)]
    public void WhatARuleThrowsReachesTheCaller(int threads, int length)
    {
        var update = new RecordingUpdate { Failure = new FormatException("mine") };
        var work = new WorkList(threads);
        Fill(work, update, [length]);
        for (int attempt = 0; attempt < 3; attempt++)
        {
            work.Invoking(w => w.Apply()).Should().Throw<InvalidOperationException>()
                .WithMessage("*incomplete*").WithInnerException<FormatException>().WithMessage("mine");
        }

        update.Failure = null;
        update.Parts.Clear();
        work.Apply();
        update.Parts.Sum(part => (long)(part.End - part.Start)).Should().Be(length);
    }

    [Fact]
    public void AFailureOnAHelpersThreadReachesTheCaller()
    {
        int caller = Environment.CurrentManagedThreadId;
        using var helped = new ManualResetEventSlim();
        var update = new RecordingUpdate
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
        var work = new WorkList(threads: 2);
        Fill(work, update, [200_000]);
        work.Invoking(w => w.Apply()).Should().Throw<InvalidOperationException>()
            .WithInnerException<FormatException>().WithMessage("on a helper");
    }

    private static int[] Drawn(int seed) => [.. Draw.Floats(seed, 30, 9_000).Select(x => (int)Math.Abs(x))];

    private static void CheckCover((nuint Start, nuint End)[] parts, int length)
    {
        nuint done = 0;
        foreach ((nuint start, nuint end) in parts)
        {
            start.Should().Be(done);
            (start % Reductions.Block).Should().Be(0);
            done = end;
        }

        done.Should().Be((nuint)length);
    }

    private static void Fill(WorkList work, RecordingUpdate update, int[] lengths)
    {
        var group = new GroupUpdate(new RecordingOptions(update));
        work.Clear();
        for (int i = 0; i < lengths.Length; i++)
        {
            work.Add(group, lengths[i]).Rule = i;
        }
    }

    private sealed record RecordingOptions(IUpdate Update) : IOptimizerOptions
    {
        public double LearningRate => 1;

        public IUpdate CreateUpdate() => Update;
    }

    /// <summary>Touches no memory, but notes what it was asked to do.</summary>
    private sealed class RecordingUpdate : IUpdate
    {
        public ConcurrentBag<(int Job, nuint Start, nuint End, int Thread)> Parts { get; } = [];

        public Exception? Failure { get; set; }

        public Action? OnPart { get; init; }

        public IReadOnlyList<StateSlot> Slots => [];

        public IReadOnlyList<StateScalar> Scalars => [];

        int IUpdate.FlushInterval => 1;

        void IUpdate.Claim()
        {
        }

        void IUpdate.Clear()
        {
        }

        void IUpdate.Advance(GroupUpdate group)
        {
        }

        long IUpdate.IterationOf(int rule) => 1;

        int IUpdate.Prepare(TensorAge age, in TensorShape shape, ReadOnlySpan<double> scalars, GroupUpdate group) => 0;

        ReadOnlySpan<double> IUpdate.ScalarsAfter(int rule) => [];

        void IUpdate.Apply(in TensorJob job, nuint start, nuint end, int widestLane)
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
