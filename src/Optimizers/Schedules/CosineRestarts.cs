namespace Optimizers.Schedules;

/// <summary>Half a cosine from the peak towards the floor, again and again: warm restarts.</summary>
/// <remarks>
/// <para>Loshchilov &amp; Hutter 2017, arXiv 1608.03983, equation 5 and section 3.</para>
/// <code>
/// cycle i has the length Period·PeriodMultiplierⁱ and the peak Peak·PeakMultiplierⁱ
/// v(k) = Floor + (peak − Floor)·(1 + cos πt)/2,  t = (k − start)/length
/// </code>
/// <para>The first update is at the peak, and so is the first of every cycle; Floor itself is never reached. It goes on for
/// ever. As in optax the whole peak is multiplied, where Keras multiplies what of it is above the floor.</para>
/// <para>The cycle comes from a logarithm and is then compared with the exact sums of its lengths, so that no restart
/// comes an update early or late. A multiplier is taken to 15 digits. With one that is not whole, cycles begin between
/// two updates.</para>
/// </remarks>
public sealed record CosineRestarts : ILrSchedule
{
    private readonly decimal _multiplier;

    /// <summary>Makes the schedule.</summary>
    /// <param name="peak">The rate of the first update. Finite, at least 0.</param>
    /// <param name="period">The number of updates of the first cycle, at least 1.</param>
    /// <param name="periodMultiplier">The length of a cycle over that of the one before, from 1 to 1,000; default 1.</param>
    /// <param name="peakMultiplier">The peak of a cycle over that of the one before. Finite, above 0; default 1.</param>
    /// <param name="floor">The rate that each cycle falls towards. Finite, at least 0; default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public CosineRestarts(
        double peak, long period, double periodMultiplier = 1, double peakMultiplier = 1, double floor = 0)
    {
        Require.NonNegative(peak);
        Require.AtLeast(period, 1);
        Require.Between(periodMultiplier, 1, 1_000);
        Require.Positive(peakMultiplier);
        Require.NonNegative(floor);
        Peak = peak;
        Period = period;
        PeriodMultiplier = periodMultiplier;
        PeakMultiplier = peakMultiplier;
        Floor = floor;
        _multiplier = (decimal)periodMultiplier;
    }

    /// <summary>The rate of the first update.</summary>
    public double Peak { get; }

    /// <summary>The number of updates of the first cycle.</summary>
    public long Period { get; }

    /// <summary>The length of a cycle over that of the one before.</summary>
    public double PeriodMultiplier { get; }

    /// <summary>The peak of a cycle over that of the one before.</summary>
    public double PeakMultiplier { get; }

    /// <summary>The rate that each cycle falls towards.</summary>
    public double Floor { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        (long cycle, double t) = _multiplier == 1
            ? (step / Period, (double)(step % Period) / Period)
            : Locate(step);
        return Curve.HalfCosine(Curve.Geometric(Peak, PeakMultiplier, cycle), Floor, t);
    }

    // 28 digits hold every start and length up to the last index.
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

    // Kahan: the rounding of 1 + x is in both factors, and cancels.
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
}
