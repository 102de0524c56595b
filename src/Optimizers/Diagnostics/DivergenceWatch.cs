namespace Optimizers.Diagnostics;

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
    private const int Last = 20;

    private readonly DivergenceWatchOptions _options;
    private readonly LossWindows _losses;

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
        _losses = new LossWindows(_options.Window);
    }

    /// <summary>The number of finite losses so far.</summary>
    public long Count => _losses.Count;

    /// <summary>Takes the loss of a step.</summary>
    /// <param name="loss">Any number; NaN and infinities too.</param>
    /// <returns>What can be said now.</returns>
    public LossReport Observe(double loss)
    {
        _losses.Observe(loss);
        double level = _losses.IsFull ? SortedLosses.Median(_losses.Sorted) : double.NaN;
        double best = _losses.IsFull ? SortedLosses.Median(_losses.Best) : double.NaN;
        LossTrend trend = double.IsFinite(loss) ? TrendOf(level, best) : LossTrend.NotFinite;
        return new LossReport(trend, level, best, AdviceOn(trend, best));
    }

    /// <summary>Forgets everything: for a new run, or after going back to earlier weights.</summary>
    public void Reset() => _losses.Clear();

    /// <inheritdoc/>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        _losses.Describe(contents);
    }

    private static void RequireShare(double share, string name)
    {
        if (!(share > 0.5 && share < 1))
        {
            throw new ArgumentOutOfRangeException(name, share, $"{name} must be above 0.5 and below 1.");
        }
    }

    private LossTrend TrendOf(double level, double best)
    {
        if (HasExploded(best))
        {
            return LossTrend.Exploded;
        }

        if (_losses.Count < 2 * _losses.Length)
        {
            return LossTrend.TooEarly;
        }

        double leastRise = Math.Max(_options.LeastRise * (_losses.Start() - best), _options.LeastFall * Math.Abs(best));
        if (level - best >= leastRise && SortedLosses.ShareAbove(_losses.Sorted, _losses.Best) >= _options.RisingShare)
        {
            return LossTrend.Rising;
        }

        double earlier = SortedLosses.Median(_losses.Earlier);
        return earlier - level >= _options.LeastFall * Math.Abs(earlier)
            && SortedLosses.ShareAbove(_losses.Earlier, _losses.Sorted) >= _options.FallingShare
                ? LossTrend.Falling
                : LossTrend.Flat;
    }

    // A loss that explodes at once leaves only its first value as it was, and one value may be an outlier: against that one
    // stands a whole window, which has to lie further from it than noise does.
    private bool HasExploded(double best)
    {
        Span<double> beginning = stackalloc double[LossWindows.First];
        _losses.SortBeginning(beginning);
        double noise = SortedLosses.Spread(_losses.IsFull ? _losses.Best : beginning, 10);
        return (_losses.Count >= LossWindows.First + Last && _losses.LastAreAbove(Bar(beginning[LossWindows.First / 4], best, noise), Last))
            || (_losses.IsFull
                && _losses.Sorted[0] > Bar(_losses.Beginning[0], best, noise: 0)
                && SortedLosses.Median(_losses.Sorted) - _losses.Beginning[0] > 1.5 * SortedLosses.Spread(_losses.Sorted, 4));
    }

    private double Bar(double start, double best, double noise)
    {
        double progress = double.IsNaN(best) ? 0 : start - best;
        return start + (_options.ExplosionFactor * Math.Max(Math.Max(progress, noise), Math.Abs(start)));
    }

    private string AdviceOn(LossTrend trend, double best) => trend switch
    {
        LossTrend.Falling => "The loss is falling: leave the rate as it is.",
        LossTrend.Flat when _losses.Start() - best < 0.05 * Math.Abs(_losses.Start()) =>
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
