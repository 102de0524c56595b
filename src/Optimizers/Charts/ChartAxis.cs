using System.Globalization;

namespace Optimizers.Charts;

/// <summary>An axis: the range of numbers that it shows, and its ticks.</summary>
/// <remarks>
/// The ticks are regular: all multiples of one round step in the range, all powers of one power of ten, or all of 1, 2 and 5 times the
/// powers of ten.
/// </remarks>
internal sealed class ChartAxis
{
    private const int MostTicks = 11;

    // A smaller range, relative to the numbers, would need labels of more than nine digits: it is drawn as one number.
    private const double Narrow = 1e-8;

    private readonly bool _logarithmic;
    private readonly double _low;
    private readonly double _high;

    private ChartAxis(bool logarithmic, double low, double high, IEnumerable<double> ticks, Func<double, string> label)
    {
        (_logarithmic, _low, _high) = (logarithmic, low, high);
        Ticks = [.. ticks.Select(tick => (tick, label(tick)))];
    }

    /// <summary>The ticks and their labels, in ascending order.</summary>
    public IReadOnlyList<(double Value, string Label)> Ticks { get; }

    /// <summary>From the first whole number to the last, with ticks at multiples of a round step.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="fits">Whether the labels of an axis have room.</param>
    public static ChartAxis Whole(IReadOnlyCollection<double> values, Func<ChartAxis, bool> fits)
    {
        (double first, double last) = (values.Min(), values.Max());
        double magnitude = Math.Max(Math.Abs(first), Math.Abs(last));

        // A label has at most 15 digits.
        double least = Math.Max(1, 1e-14 * magnitude);
        string LabelOf(double value) => Label(value, least, magnitude);
        return BestOf(
            RoundSteps(Math.Max(least, (last / (MostTicks - 1)) - (first / (MostTicks - 1))))
                .Select(step => OfMultiples(false, first, last, step)),
            fits,
            least: new ChartAxis(false, first, last, LabelOf(first) == LabelOf(last) ? [first] : [first, last], LabelOf));
    }

    /// <summary>From a round number below the numbers to one above, with ticks at both and at the multiples of a step between.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="fits">Whether the labels of an axis have room.</param>
    public static ChartAxis Linear(IReadOnlyCollection<double> values, Func<ChartAxis, bool> fits)
    {
        const int Intervals = 6;
        (double low, double high) = (values.Min(), values.Max());
        if ((high / 2) - (low / 2) <= Narrow / 2 * Math.Max(Math.Abs(low), Math.Abs(high)))
        {
            (low, high) = (Math.Min(low, 0), high == 0 ? 1 : Math.Clamp(1.25 * high, 0, double.MaxValue));
        }

        // A scale that begins near 0 had better begin there.
        low = low > 0 && low <= high / 2 ? 0 : low;
        double raw = (high / Intervals) - (low / Intervals);
        ChartAxis[] axes = [.. RoundSteps(Math.Max(raw * (1 - 1e-12), 1e-300)).Take(Intervals).Select(FromMarkToMark)];
        return BestOf(axes, fits, least: axes[0]);

        ChartAxis FromMarkToMark(double step)
        {
            double first = Math.Max(Math.Floor((low / step) + 1e-9) * step, double.MinValue);
            double last = Math.Min(Math.Ceiling((high / step) - 1e-9) * step, double.MaxValue);
            return OfMultiples(false, first, Math.Max(last, first + step), step);
        }
    }

    /// <summary>From the lowest number to the highest, which are above 0, with equal ratios at equal distances.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="fits">Whether the labels of an axis have room.</param>
    public static ChartAxis Logarithmic(IReadOnlyCollection<double> values, Func<ChartAxis, bool> fits)
    {
        (double low, double high) = (values.Min(), values.Max());
        if (high / low <= 1 + Narrow)
        {
            (low, high) = (Math.Max(low / 2, double.Epsilon), Math.Min(high * 2, double.MaxValue));
        }

        double[] exponents = [.. Multiples(1, Math.Floor(Math.Log10(low)) - 1, Math.Ceiling(Math.Log10(high)) + 1)];
        ChartAxis With(IEnumerable<double> ticks) => new(true, low, high, ticks.Where(tick => tick >= low && tick <= high), Label);
        ChartAxis fine = With(exponents.SelectMany(exponent => new[] { Power(exponent), 2 * Power(exponent), 5 * Power(exponent) }));
        IEnumerable<ChartAxis> candidates = fine.Ticks.Count < 3
            ? RoundSteps((high / 6) - (low / 6)).Select(step => OfMultiples(true, low, high, step))
            : RoundSteps(1).Select(every => With(exponents.Where(exponent => exponent % every == 0).Select(Power))).Prepend(fine);
        return BestOf(candidates, fits, least: fine.Ticks.Count > 0 ? fine : new ChartAxis(true, low, high, [low, high], Label));
    }

    /// <summary>Where a number lies on the axis, from 0 to 1.</summary>
    public double ShareOf(double value) => _high == _low ? 0.5
        : _logarithmic ? (Math.Log(value) - Math.Log(_low)) / (Math.Log(_high) - Math.Log(_low))
        : ((value / 2) - (_low / 2)) / ((_high / 2) - (_low / 2));

    /// <summary>The number at a place of the axis.</summary>
    public double ValueAt(double share) => _logarithmic
        ? Math.Exp(((1 - share) * Math.Log(_low)) + (share * Math.Log(_high)))
        : ((1 - share) * _low) + (share * _high);

    // The first of the candidates, which have fewer and fewer ticks, that is not too dense; or the last with two.
    private static ChartAxis BestOf(IEnumerable<ChartAxis> candidates, Func<ChartAxis, bool> fits, ChartAxis least)
    {
        ChartAxis best = least;
        foreach (ChartAxis axis in candidates.TakeWhile(axis => axis.Ticks.Count > 1))
        {
            best = axis;
            if (axis.Ticks.Count == 2 || (axis.Ticks.Count <= MostTicks && fits(axis)))
            {
                break;
            }
        }

        return best;
    }

    private static ChartAxis OfMultiples(bool logarithmic, double low, double high, double step)
    {
        IEnumerable<double> ticks = Multiples(step, Math.Ceiling((low / step) - 1e-9), Math.Floor((high / step) + 1e-9));
        return new ChartAxis(
            logarithmic, low, high, ticks, value => Label(value, step, Math.Max(Math.Abs(low), Math.Abs(high))));
    }

    private static IEnumerable<double> Multiples(double step, double first, double last)
    {
        for (double i = 0; i <= last - first; i++)
        {
            yield return (first + i) * step;
        }
    }

    // 1, 2 and 5 times powers of ten, ascending.
    private static IEnumerable<double> RoundSteps(double atLeast)
    {
        for (double exponent = Math.Floor(Math.Log10(atLeast)); exponent <= 308; exponent++)
        {
            foreach (double factor in (double[])[1, 2, 5])
            {
                double step = factor * Power(exponent);
                if (step >= atLeast && double.IsFinite(step))
                {
                    yield return step;
                }
            }
        }
    }

    // Decimal fractions as they are written: 1e-5, not 10 to the power of −5 by rounding.
    private static double Power(double exponent) =>
        double.Parse(string.Create(CultureInfo.InvariantCulture, $"1e{exponent:0}"), CultureInfo.InvariantCulture);

    private static string Label(double value) => value is >= 1e-4 and < 1e6
        ? value.ToString("#,0.######", CultureInfo.InvariantCulture)
        : value.ToString("0.##e0", CultureInfo.InvariantCulture);

    // As many digits as tell a multiple of the step from the next.
    private static string Label(double value, double step, double largest)
    {
        double decimals = Math.Max(0, -Math.Floor(Math.Log10(step) + 1e-9));
        if (value == 0)
        {
            return "0";
        }

        if (decimals <= 5 && largest < 1e7)
        {
            return value.ToString($"N{decimals}", CultureInfo.InvariantCulture);
        }

        int digits = (int)Math.Clamp(Math.Floor(Math.Log10(Math.Abs(value))) - Math.Floor(Math.Log10(step) + 1e-9), 0, 16);
        return value.ToString($"0.{new string('#', digits)}e0", CultureInfo.InvariantCulture);
    }
}
