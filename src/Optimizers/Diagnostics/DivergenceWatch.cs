using System.Runtime.InteropServices;

namespace Optimizers.Diagnostics;

/// <summary>The options of <see cref="DivergenceWatch"/>.</summary>
public sealed record DivergenceWatchOptions
{
    /// <summary>
    /// How many losses are compared with how many. At least 20, at most a million; default 100. More for noisier losses; an
    /// epoch, where epochs are short.
    /// </summary>
    public int Window { get; init; } = 100;

    /// <summary>
    /// How often a recent loss has to be above one of the best window for the loss to count as rising. Above 0.5, below 1; default
    /// 0.8: about nine standard errors for a window of 100.
    /// </summary>
    public double RisingShare { get; init; } = 0.8;

    /// <summary>
    /// The part of the progress so far that has to be lost for the loss to count as rising. At least 0; default 0.05.
    /// </summary>
    public double LeastRise { get; init; } = 0.05;

    /// <summary>
    /// How often a recent loss has to be below one of the earlier window for the loss to count as falling. Above 0.5, below 1;
    /// default 0.6: about two and a half standard errors for a window of 100.
    /// </summary>
    public double FallingShare { get; init; } = 0.6;

    /// <summary>
    /// The part of the loss that has to go while the run gets two to four times as long, for it to count as falling. At least 0;
    /// default 0.005.
    /// </summary>
    public double LeastFall { get; init; } = 0.005;

    /// <summary>
    /// How far above its beginning the loss has to stay to have exploded, in units of the loss at the beginning, of the progress
    /// so far or of the noise, whichever is largest. Above 0; default 2: three times the first losses.
    /// </summary>
    public double ExplosionFactor { get; init; } = 2;
}

/// <summary>Where a loss is going.</summary>
public enum LossTrend
{
    /// <summary>There are too few losses to say.</summary>
    TooEarly,

    /// <summary>It is falling.</summary>
    Falling,

    /// <summary>It neither falls nor rises.</summary>
    Flat,

    /// <summary>It is clearly above its best.</summary>
    Rising,

    /// <summary>It is far above its beginning.</summary>
    Exploded,

    /// <summary>It is infinite or NaN.</summary>
    NotFinite,
}

/// <summary>What a <see cref="DivergenceWatch"/> says about a loss.</summary>
/// <param name="Trend">Where it is going.</param>
/// <param name="Level">The median of the recent losses; NaN before a window is full.</param>
/// <param name="BestLevel">The median of the best window so far; NaN before a window is full.</param>
/// <param name="Advice">What that means for the rate, in a sentence.</param>
public readonly record struct LossReport(LossTrend Trend, double Level, double BestLevel, string Advice);

/// <summary>
/// Is fed the loss of every step, and says whether training goes well: a guide to whether the rate is too high or too low.
/// </summary>
/// <remarks>
/// <para>Windows of losses are compared by the share of pairs in which the one is above the other (Mann &amp; Whitney 1947, doi
/// 10.1214/aoms/1177730491), which neither the scale of the loss nor a few outliers change, and by their medians:</para>
/// <code>
/// NotFinite: this loss is infinite or NaN
/// Exploded: the last 20 are all above s + ExplosionFactor·max(s − best, |s|, noise)
/// Rising: recent above the best window in RisingShare of pairs, by LeastRise of the progress s − best
/// Falling: recent below the window at a quarter to half of the run in FallingShare of pairs, by LeastFall of it
/// Flat: none of these
/// </code>
/// <para>Here s is the lower quartile of the first 10 losses, best the median of the best window, and noise the spread of its
/// middle four fifths. A loss that explodes at once leaves no such s: it is known by a whole window that lies as high above
/// the first loss, and further from it than one and a half times the spread of its own middle half.</para>
/// <para>It is a pure function of the losses it was fed; those that are not finite leave no trace. Comparing with a window at
/// a fixed part of the run, and not at a fixed distance, makes the slow progress late in a long run count as progress. The
/// defaults were tried on training curves with rates from a ten-thousandth of a good one to a thousand times it.</para>
/// <para>Memory: five windows of doubles. Time: a sort of one window for each loss.</para>
/// </remarks>
public sealed class DivergenceWatch : ICheckpointed
{
    private const int First = 10;
    private const int Last = 20;

    private readonly DivergenceWatchOptions _options;
    private readonly int _window;

    // The first losses, then windows: recent ones as a ring, and sorted the best one and two that are being compared with.
    private readonly double[] _memory;
    private readonly double[] _sorted;
    private long _count;

    /// <summary>Makes a watch that has seen nothing.</summary>
    /// <param name="options">The options; null: the defaults.</param>
    /// <exception cref="ArgumentException">An option, named in the message, is out of its range.</exception>
    public DivergenceWatch(DivergenceWatchOptions? options = null)
    {
        _options = options ?? new DivergenceWatchOptions();
        Require.AtLeast(_options.Window, Last, nameof(_options.Window));
        Require.AtMost(_options.Window, 1_000_000, nameof(_options.Window));
        RequireShare(_options.RisingShare, nameof(_options.RisingShare));
        RequireShare(_options.FallingShare, nameof(_options.FallingShare));
        Require.NonNegative(_options.LeastRise, nameof(_options.LeastRise));
        Require.NonNegative(_options.LeastFall, nameof(_options.LeastFall));
        Require.Positive(_options.ExplosionFactor, nameof(_options.ExplosionFactor));
        _window = _options.Window;
        _memory = new double[First + (4 * _window)];
        _sorted = new double[_window];
    }

    /// <summary>The number of finite losses so far.</summary>
    public long Count => _count;

    private Span<double> Beginning => _memory.AsSpan(0, First);

    private Span<double> Recent => Window(0);

    private Span<double> Best => Window(1);

    private Span<double> Earlier => Window(2);

    private Span<double> Pending => Window(3);

    /// <summary>Takes the loss of a step.</summary>
    /// <param name="loss">Any number; NaN and infinities too.</param>
    /// <returns>What can be said now.</returns>
    public LossReport Observe(double loss)
    {
        if (double.IsFinite(loss))
        {
            Remember(loss);
        }
        else
        {
            // It may be the first after a checkpoint was loaded.
            SortRecent();
        }

        bool full = _count >= _window;
        double level = full ? Median(_sorted) : double.NaN;
        double best = full ? Median(Best) : double.NaN;
        LossTrend trend = double.IsFinite(loss) ? TrendOf(level, best) : LossTrend.NotFinite;
        return new LossReport(trend, level, best, AdviceOn(trend, best));
    }

    /// <summary>Forgets everything: for a new run, or after going back to earlier weights.</summary>
    public void Reset()
    {
        _count = 0;
        Array.Clear(_memory);
        Array.Clear(_sorted);
    }

    /// <inheritdoc/>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        contents.Tensor("losses", [_memory.Length * sizeof(double)], () => MemoryMarshal.AsBytes(_memory.AsSpan()));
        contents.Counter("count", () => _count, count => _count = Math.Max(0, count));
    }

    private void SortRecent()
    {
        Recent.CopyTo(_sorted);
        _sorted.AsSpan().Sort();
    }

    private static void RequireShare(double share, string name)
    {
        if (!(share > 0.5 && share < 1))
        {
            throw new ArgumentOutOfRangeException(name, share, $"{name} must be above 0.5 and below 1.");
        }
    }

    private static double Median(ReadOnlySpan<double> sorted) =>
        (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;

    // Between the part of an n-th at either end.
    private static double Spread(ReadOnlySpan<double> sorted, int n) =>
        sorted[sorted.Length - 1 - (sorted.Length / n)] - sorted[sorted.Length / n];

    // The share of pairs in which the one of the left is above the one of the right; a tie is half a pair.
    private static double ShareAbove(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        long halves = 0;
        int below = 0;
        int notAbove = 0;
        foreach (double loss in left)
        {
            while (below < right.Length && right[below] < loss)
            {
                below++;
            }

            while (notAbove < right.Length && right[notAbove] <= loss)
            {
                notAbove++;
            }

            halves += below + notAbove;
        }

        return halves / (2.0 * left.Length * right.Length);
    }

    private Span<double> Window(int index) => _memory.AsSpan(First + (index * _window), _window);

    private void Remember(double loss)
    {
        if (_count < First)
        {
            Beginning[(int)_count] = loss;
        }

        Recent[(int)(_count % _window)] = loss;
        _count++;
        SortRecent();
        if (_count % _window != 0)
        {
            return;
        }

        if (_count == _window || Median(_sorted) < Median(Best))
        {
            _sorted.CopyTo(Best);
        }

        // At one window, two, four, eight, …
        if (long.IsPow2(_count / _window))
        {
            Pending.CopyTo(Earlier);
            _sorted.CopyTo(Pending);
        }
    }

    private LossTrend TrendOf(double level, double best)
    {
        if (HasExploded(best))
        {
            return LossTrend.Exploded;
        }

        if (_count < 2 * _window)
        {
            return LossTrend.TooEarly;
        }

        double leastRise = Math.Max(_options.LeastRise * (Start() - best), _options.LeastFall * Math.Abs(best));
        if (level - best >= leastRise && ShareAbove(_sorted, Best) >= _options.RisingShare)
        {
            return LossTrend.Rising;
        }

        double earlier = Median(Earlier);
        return earlier - level >= _options.LeastFall * Math.Abs(earlier)
            && ShareAbove(Earlier, _sorted) >= _options.FallingShare
                ? LossTrend.Falling
                : LossTrend.Flat;
    }

    // A loss that explodes at once leaves only its first value as it was, and one value may be an outlier: against that one
    // stands a whole window, which has to lie further from it than noise does.
    private bool HasExploded(double best)
    {
        bool full = _count >= _window;
        Span<double> beginning = stackalloc double[First];
        SortBeginning(beginning);
        double noise = full ? Spread(Best, 10) : Spread(beginning, 10);
        return (_count >= First + Last && LastAreAbove(Bar(beginning[First / 4], best, noise)))
            || (full
                && _sorted[0] > Bar(Beginning[0], best, noise: 0)
                && Median(_sorted) - Beginning[0] > 1.5 * Spread(_sorted, 4));
    }

    private double Bar(double start, double best, double noise)
    {
        double progress = double.IsNaN(best) ? 0 : start - best;
        return start + (_options.ExplosionFactor * Math.Max(Math.Max(progress, noise), Math.Abs(start)));
    }

    private bool LastAreAbove(double bar)
    {
        for (int back = 1; back <= Last; back++)
        {
            if (Recent[(int)((_count - back) % _window)] <= bar)
            {
                return false;
            }
        }

        return true;
    }

    // The lower quartile of the first losses, of which some may have begun to explode already.
    private double Start()
    {
        Span<double> sorted = stackalloc double[First];
        SortBeginning(sorted);
        return sorted[First / 4];
    }

    private void SortBeginning(Span<double> sorted)
    {
        Beginning.CopyTo(sorted);
        sorted.Sort();
    }

    private string AdviceOn(LossTrend trend, double best) => trend switch
    {
        LossTrend.Falling => "The loss is falling: leave the rate as it is.",
        LossTrend.Flat when Start() - best < 0.05 * Math.Abs(Start()) =>
            "The loss has hardly fallen since the beginning: the rate is probably far too low, or far too high. Try ten times and a tenth of it, and check the gradients.",
        LossTrend.Flat =>
            "The loss has stopped falling: lower the rate, or end the run.",
        LossTrend.Rising =>
            "The loss is clearly above its best: the rate is probably too high. Lower it, clip the gradients, or warm up for longer.",
        LossTrend.Exploded =>
            "The loss is far above its beginning: the rate is too high. Go back to weights from before, and lower it three to ten times.",
        LossTrend.NotFinite =>
            "The loss is not finite. Look for the first gradient that is not; go back to weights from before, and lower the rate or clip.",
        _ => "There are too few losses to say.",
    };
}
