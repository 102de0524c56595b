namespace Optimizers.Diagnostics;

/// <summary>
/// Watches the loss of every step, and reports whether it falls, stalls, rises or explodes. The report helps to judge whether the
/// learning rate is too high or too low.
/// </summary>
/// <remarks>
/// <para>The watch compares windows of losses in two ways. The first is the share of pairs in which one loss is above the other (Mann
/// &amp; Whitney 1947, doi 10.1214/aoms/1177730491), which does not depend on the scale of the loss or on a few outliers.
/// The second is the medians of the windows:</para>
/// <code>
/// NotFinite: this loss is infinite or NaN
/// Exploded: the last 20 losses are all above s + ExplosionFactor·max(s − best, |s|, noise)
/// Rising: recent losses are above the best window in RisingShare of pairs, and their median by LeastRise·(s − best)
/// Falling: recent losses are below the earlier window in FallingShare of pairs, and their median by LeastFall of it
/// Flat: none of these
/// </code>
/// <para>Here s is the lower quartile of the first 10 losses, best is the median of the best window, and noise is the spread of the
/// middle four fifths of that window. The earlier window ends between a quarter and half of the run so far.</para>
/// <para>If the loss explodes at once, s is already too high, so a second rule applies. The loss has then exploded if a whole window
/// lies above the same limit with the first loss as s and without noise, and its median is above the first loss by more than 1.5 times
/// the spread of its middle half.</para>
/// <para>The report is a pure function of the losses so far; losses that are not finite are not stored. The earlier window
/// lies at a fixed part of the run, and not at a fixed distance. So slow progress late in a long run still counts as
/// progress. The defaults were tested on training curves with rates from a ten-thousandth of a good rate to a thousand times
/// a good rate.</para>
/// <para>Memory: five windows of doubles. Time: the sorting of one window for each loss.</para>
/// </remarks>
public sealed class DivergenceWatch : ICheckpointed
{
    private const int Last = 20;

    private readonly DivergenceWatchOptions _options;
    private readonly LossWindows _losses;

    /// <summary>Makes a watch without losses.</summary>
    /// <param name="options">The options; null: the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
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

    /// <summary>Adds the loss of a step, and reports the trend.</summary>
    /// <param name="loss">The loss. Any number is allowed, also NaN and infinities.</param>
    /// <returns>The report on the losses so far.</returns>
    public LossReport Observe(double loss)
    {
        _losses.Observe(loss);
        double level = _losses.IsFull ? SortedLosses.Median(_losses.Sorted) : double.NaN;
        double best = _losses.IsFull ? SortedLosses.Median(_losses.Best) : double.NaN;
        LossTrend trend = double.IsFinite(loss) ? TrendOf(level, best) : LossTrend.NotFinite;
        return new LossReport(trend, level, best, AdviceOn(trend, best));
    }

    /// <summary>Forgets all losses. Use it for a new run, or after you return to earlier weights.</summary>
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

    // If a loss explodes at once, only its first value is normal, and a single value may be an outlier. So a whole window is compared
    // with the first value, and its distance must be larger than its noise.
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
            "The loss has hardly fallen since the beginning: the rate is probably far too low, or far too high. Try a rate ten times higher and one ten times lower, and check the gradients.",
        LossTrend.Flat =>
            "The loss has stopped falling: lower the rate, or end the run.",
        LossTrend.Rising =>
            "The loss is clearly above its best: the rate is probably too high. Lower it, clip the gradients, or warm up for longer.",
        LossTrend.Exploded =>
            "The loss is far above its start: the rate is too high. Go back to earlier weights, and lower the rate by a factor of three to ten.",
        LossTrend.NotFinite =>
            "The loss is not finite. Find the first gradient that is not finite, go back to earlier weights, and lower the rate or clip the gradients.",
        _ => "There are too few losses to judge the trend.",
    };
}
