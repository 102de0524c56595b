using System.Runtime.InteropServices;

namespace Optimizers.Diagnostics;

/// <summary>The losses that a <see cref="DivergenceWatch"/> remembers: the first ones, and windows to compare.</summary>
internal sealed class LossWindows(int window)
{
    /// <summary>The number of losses that the beginning of a run has.</summary>
    public const int First = 10;

    // The first losses, then the recent ones as a ring, and then, sorted, the best window and two windows of the past.
    private readonly double[] _memory = new double[First + (4 * window)];
    private readonly double[] _sorted = new double[window];

    /// <summary>The number of losses in a window.</summary>
    public int Length => window;

    /// <summary>The number of finite losses so far.</summary>
    public long Count { get; private set; }

    /// <summary>Whether there have been enough losses for a window.</summary>
    public bool IsFull => Count >= window;

    /// <summary>The first losses, in their order.</summary>
    public ReadOnlySpan<double> Beginning => _memory.AsSpan(0, First);

    /// <summary>The recent losses, sorted.</summary>
    public ReadOnlySpan<double> Sorted => _sorted;

    /// <summary>The best window so far, sorted.</summary>
    public Span<double> Best => Window(1);

    /// <summary>The window at a quarter to half of the run, sorted.</summary>
    public Span<double> Earlier => Window(2);

    // The window that becomes the earlier one when the run is twice as long.
    private Span<double> Pending => Window(3);

    private Span<double> Recent => Window(0);

    /// <summary>Remembers a loss, if it is finite.</summary>
    public void Observe(double loss)
    {
        if (!double.IsFinite(loss))
        {
            // It may be the first after a checkpoint was loaded.
            SortRecent();
            return;
        }

        if (Count < First)
        {
            _memory[(int)Count] = loss;
        }

        Recent[(int)(Count % window)] = loss;
        Count++;
        SortRecent();
        if (Count % window != 0)
        {
            return;
        }

        if (Count == window || SortedLosses.Median(_sorted) < SortedLosses.Median(Best))
        {
            _sorted.CopyTo(Best);
        }

        // At one window, two, four, eight, …
        if (long.IsPow2(Count / window))
        {
            Pending.CopyTo(Earlier);
            _sorted.CopyTo(Pending);
        }
    }

    /// <summary>Whether each of the last losses is above a bar.</summary>
    public bool LastAreAbove(double bar, int last)
    {
        for (int back = 1; back <= last; back++)
        {
            if (Recent[(int)((Count - back) % window)] <= bar)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The lower quartile of the first losses, because some of them may have begun to explode already.</summary>
    public double Start()
    {
        Span<double> sorted = stackalloc double[First];
        SortBeginning(sorted);
        return sorted[First / 4];
    }

    /// <summary>Sorts a copy of the first losses.</summary>
    public void SortBeginning(Span<double> sorted)
    {
        Beginning.CopyTo(sorted);
        sorted.Sort();
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Count = 0;
        Array.Clear(_memory);
        Array.Clear(_sorted);
    }

    /// <summary>Lists everything.</summary>
    public void Describe(CheckpointManifest contents)
    {
        contents.Tensor("losses", [_memory.Length * sizeof(double)], () => MemoryMarshal.AsBytes(_memory.AsSpan()));
        contents.Counter("count", () => Count, count => Count = Math.Max(0, count));
    }

    private void SortRecent()
    {
        Recent.CopyTo(_sorted);
        _sorted.AsSpan().Sort();
    }

    private Span<double> Window(int index) => _memory.AsSpan(First + (index * window), window);
}
