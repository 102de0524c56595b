namespace Optimizers.Schedules;

/// <summary>Half a cosine from the peak towards the floor, repeated in cycles (cosine annealing with warm restarts).</summary>
/// <remarks>
/// <para>Loshchilov &amp; Hutter 2017, arXiv 1608.03983, equation 5 and section 3.</para>
/// <code>
/// cycle i has the length max(Period·PeriodMultiplierⁱ, 1) and the peak max(Peak·PeakMultiplierⁱ, Floor)
/// v(k) = Floor + (peak − Floor)·(1 + cos πt)/2,  t = (k − start)/length
/// </code>
/// <para>An update at which a cycle begins uses the peak of the cycle. Within a cycle the rate falls towards Floor but does
/// not reach it, unless the peak of the cycle is Floor. The cycles never end. As in optax, the multiplier acts on the whole
/// peak; in Keras it acts on the part of the peak above the floor.</para>
/// <para>The number of the cycle is computed with a logarithm, and then checked against the exact sums of the cycle lengths,
/// so that no restart is one update early or late. A multiplier is used with 15 digits. If it is not a whole number, cycles
/// may begin between two updates.</para>
/// <para>With a period multiplier below 1, cycles get shorter, down to one update each. In these short cycles, every update
/// is at the same point of its cycle. This point is the peak if the lengths of the earlier cycles add up to a whole number.
/// A cycle that begins less than a millionth of an update after an update counts as beginning at it.</para>
/// </remarks>
public sealed record CosineRestarts : ILrSchedule, INamed
{
    // If a cycle begins later than an update by at most this much, it counts as beginning at the update. The error of
    // decimals is smaller.
    private const decimal Tolerance = 1e-6m;

    private readonly decimal _multiplier;

    // With a multiplier below 1, this is the first cycle that would be shorter than one update.
    private readonly long _firstShort;

    /// <summary>Creates the schedule.</summary>
    /// <param name="peak">The rate of the first update. Finite, at least 0.</param>
    /// <param name="period">The number of updates in the first cycle, at least 1.</param>
    /// <param name="periodMultiplier">The factor from the length of one cycle to the next. Above 0, at most 1,000; default 1.
    /// Below 1, cycles get shorter, down to one update.</param>
    /// <param name="peakMultiplier">The factor from the peak of one cycle to the next. Finite, above 0; default 1.</param>
    /// <param name="floor">The rate that each cycle falls towards. At least 0, at most <paramref name="peak"/>; default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public CosineRestarts(
        double peak, long period, double periodMultiplier = 1, double peakMultiplier = 1, double floor = 0)
    {
        Require.NonNegative(peak);
        Require.AtLeast(period, 1);
        Require.Positive(periodMultiplier);
        Require.Between(periodMultiplier, 0, 1_000);
        Require.Positive(peakMultiplier);
        Require.NonNegative(floor);
        Require.AtMostOther(floor, peak, Curve.ToRise);
        Peak = peak;
        Period = period;
        PeriodMultiplier = periodMultiplier;
        PeakMultiplier = peakMultiplier;
        Floor = floor;
        _multiplier = (decimal)periodMultiplier;
        _firstShort = _multiplier < 1 ? LastOfAtLeast(1, long.MaxValue / 2) + 1 : 0;
    }

    /// <summary>The rate of the first update.</summary>
    public double Peak { get; }

    /// <summary>The number of updates in the first cycle.</summary>
    public long Period { get; }

    /// <summary>The factor from the length of one cycle to the next.</summary>
    public double PeriodMultiplier { get; }

    /// <summary>The factor from the peak of one cycle to the next.</summary>
    public double PeakMultiplier { get; }

    /// <summary>The rate that each cycle falls towards.</summary>
    public double Floor { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        (long cycle, double t) = _multiplier == 1
            ? (step / Period, (double)(step % Period) / Period)
            : _multiplier < 1 ? LocateShrinking(step)
            : Locate(step);
        return Curve.HalfCosine(Math.Max(Curve.Geometric(Peak, PeakMultiplier, cycle), Floor), Floor, t);
    }

    // 28 digits represent every start and length exactly, up to the last index.
    private (long Cycle, double Progress) Locate(long step)
    {
        decimal growth = _multiplier - 1;
        long cycle = (long)(LogarithmOf1Plus(step * (double)growth / Period) / LogarithmOf1Plus((double)growth));
        while (true)
        {
            decimal scale = Power(_multiplier, cycle);
            decimal length = Period * scale;
            decimal position = step - ((length - Period) / growth);
            if (position >= 0 && position < length)
            {
                return (cycle, (double)(position / length));
            }

            cycle += position < 0 ? -1 : 1;
        }
    }

    // A cycle begins at (Period − length)/(1 − multiplier). Computed as a product, this cannot overflow.
    private (long Cycle, double Progress) LocateShrinking(long step)
    {
        decimal shrinkage = 1 - _multiplier;
        long cycle = LastOfAtLeast(Period - ((step + Tolerance) * shrinkage), _firstShort);
        decimal length = LengthOf(cycle);
        decimal position = Math.Max(0, step - ((Period - length) / shrinkage));
        if (cycle < _firstShort)
        {
            return (cycle, Math.Min(1, (double)(position / length)));
        }

        decimal whole = Math.Floor(position + Tolerance);
        return (cycle + (long)whole, (double)Math.Max(0, position - whole));
    }

    // The last cycle from 0 to largest whose length is at least this one; lengths decrease.
    private long LastOfAtLeast(decimal length, long largest)
    {
        long low = 0;
        long high = largest;
        while (low < high)
        {
            long middle = low + ((high - low + 1) / 2);
            (low, high) = LengthOf(middle) >= length ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    // The length of a cycle without the lower limit of one update.
    private decimal LengthOf(long cycle) => Period * Power(_multiplier, cycle);

    // Kahan's method: the rounding error of 1 + x is in both factors and cancels.
    private static double LogarithmOf1Plus(double x)
    {
        double sum = 1 + x;
        return sum == 1 ? x : Math.Log(sum) * (x / (sum - 1));
    }

    private static decimal Power(decimal value, long exponent)
    {
        decimal power = 1;
        while (true)
        {
            if ((exponent & 1) != 0)
            {
                power *= value;
            }

            exponent >>= 1;
            if (exponent == 0)
            {
                return power;
            }

            value *= value;
        }
    }

    internal static NamedType Named { get; } = new NamedType<CosineRestarts>(new CosineRestartsContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(CosineRestarts), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class CosineRestartsContract : JsonSerializerContext;
