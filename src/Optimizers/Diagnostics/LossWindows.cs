using System.Runtime.InteropServices;

namespace Optimizers.Diagnostics;

/// <summary>The losses that a <see cref="DivergenceWatch"/> stores: the first ones, and windows to compare.</summary>
internal sealed class LossWindows(int window)
{
    /// <summary>The number of losses that count as the start of a run.</summary>
    public const int First = 10;

    // The first losses, then the recent losses as a ring buffer, then three sorted windows: the best one and two earlier ones.
    private readonly double[] _memory = new double[First + (4 * window)];
    private readonly double[] _sorted = new double[window];

    /// <summary>The number of losses in a window.</summary>
    public int Length => window;

    /// <summary>The number of finite losses so far.</summary>
    public long Count { get; private set; }

    /// <summary>Whether there are enough losses for a window.</summary>
    public bool IsFull => Count >= window;

    /// <summary>The first losses, in their original order.</summary>
    public ReadOnlySpan<double> Beginning => _memory.AsSpan(0, First);

    /// <summary>The recent losses, sorted.</summary>
    public ReadOnlySpan<double> Sorted => _sorted;

    /// <summary>The best window so far, sorted.</summary>
    public Span<double> Best => Window(1);

    /// <summary>The window at a quarter to half of the run, sorted.</summary>
    public Span<double> Earlier => Window(2);

    // When the run is twice as long, this window becomes the earlier window.
    private Span<double> Pending => Window(3);

    private Span<double> Recent => Window(0);

    /// <summary>Stores a loss, if it is finite.</summary>
    public void Observe(double loss)
    {
        if (!double.IsFinite(loss))
        {
            // After a checkpoint was loaded, the recent losses are not sorted yet.
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

        // True after 1, 2, 4, 8, … windows.
        if (long.IsPow2(Count / window))
        {
            Pending.CopyTo(Earlier);
            _sorted.CopyTo(Pending);
        }
    }

    /// <summary>Whether each of the last losses is above a limit.</summary>
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

    /// <summary>The lower quartile of the first losses. Some of the first losses may already be part of an explosion.</summary>
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

    /// <summary>Forgets all losses.</summary>
    public void Clear()
    {
        Count = 0;
        Array.Clear(_memory);
        Array.Clear(_sorted);
    }

    /// <summary>Lists all losses for a checkpoint.</summary>
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
