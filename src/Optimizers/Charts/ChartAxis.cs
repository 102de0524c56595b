using System.Globalization;

namespace Optimizers.Charts;

/// <summary>An axis: its range and its ticks.</summary>
/// <remarks>
/// Ticks are regular. There are three kinds of ticks: all multiples of a round step in the range, all powers of a power of
/// ten, or all powers of ten times 1, 2 and 5. A logarithmic axis also has minor ticks without labels.
/// </remarks>
internal sealed class ChartAxis
{
    private const int MostTicks = 11;

    // If a range is narrower than this, relative to its numbers, its labels need more than nine digits. It is treated as one
    // number.
    private const double Narrow = 1e-8;

    private readonly bool _logarithmic;
    private readonly double _low;
    private readonly double _high;

    private ChartAxis(
        bool logarithmic, double low, double high, IEnumerable<double> ticks, Func<double, string> label, params double[][] minorTicks)
    {
        (_logarithmic, _low, _high, MinorTicks) = (logarithmic, low, high, minorTicks);
        Ticks = [.. ticks.Select(tick => (tick, label(tick)))];
    }

    /// <summary>The ticks and their labels, in ascending order.</summary>
    public IReadOnlyList<(double Value, string Label)> Ticks { get; }

    /// <summary>Choices of minor ticks, the densest first. The first choice with enough room is the one to draw.</summary>
    public IReadOnlyList<IReadOnlyList<double>> MinorTicks { get; }

    /// <summary>Creates an axis of whole numbers, from the lowest to the highest, with ticks at multiples of a round step.</summary>
    /// <param name="values">The numbers on the axis.</param>
    /// <param name="fits">Whether the labels of a proposed axis have room.</param>
    public static ChartAxis Whole(IReadOnlyCollection<double> values, Func<ChartAxis, bool> fits)
    {
        (double first, double last) = (values.Min(), values.Max());
        double magnitude = Math.Max(Math.Abs(first), Math.Abs(last));

        // The step is large enough that labels have at most 15 digits.
        double least = Math.Max(1, 1e-14 * magnitude);
        string LabelOf(double value) => Label(value, least, magnitude);
        return BestOf(
            RoundSteps(Math.Max(least, (last / (MostTicks - 1)) - (first / (MostTicks - 1))))
                .Select(step => OfMultiples(false, first, last, step)),
            fits,
            least: new ChartAxis(false, first, last, LabelOf(first) == LabelOf(last) ? [first] : [first, last], LabelOf));
    }

    /// <summary>Creates an axis with ticks at multiples of a round step, from a tick at or below the numbers to a tick at or
    /// above them.</summary>
    /// <param name="values">The numbers on the axis.</param>
    /// <param name="fits">Whether the labels of a proposed axis have room.</param>
    public static ChartAxis Linear(IReadOnlyCollection<double> values, Func<ChartAxis, bool> fits)
    {
        const int Intervals = 6;
        (double low, double high) = (values.Min(), values.Max());
        if ((high / 2) - (low / 2) <= Narrow / 2 * Math.Max(Math.Abs(low), Math.Abs(high)))
        {
            (low, high) = (Math.Min(low, 0), high == 0 ? 1 : Math.Clamp(1.25 * high, 0, double.MaxValue));
        }

        // A range that begins close to 0 is extended to 0.
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

    /// <summary>Creates an axis of exactly this range, with ticks at multiples of a round step.</summary>
    /// <param name="low">The lower end.</param>
    /// <param name="high">The upper end, above <paramref name="low"/>.</param>
    /// <param name="fits">Whether the labels of a proposed axis have room.</param>
    public static ChartAxis Within(double low, double high, Func<ChartAxis, bool> fits)
    {
        double magnitude = Math.Max(Math.Abs(low), Math.Abs(high));
        double finest = Math.Max((high / (MostTicks - 1)) - (low / (MostTicks - 1)), 1e-14 * magnitude);
        return BestOf(
            RoundSteps(finest).Select(step => OfMultiples(false, low, high, step)),
            fits,
            least: new ChartAxis(false, low, high, [low, high], value => Label(value, finest / MostTicks, magnitude)));
    }

    /// <summary>Creates a logarithmic axis, from the lowest number to the highest.</summary>
    /// <param name="values">The numbers on the axis, all above 0.</param>
    /// <param name="fits">Whether the labels of a proposed axis have room.</param>
    public static ChartAxis Logarithmic(IReadOnlyCollection<double> values, Func<ChartAxis, bool> fits)
    {
        (double low, double high) = (values.Min(), values.Max());
        if (high / low <= 1 + Narrow)
        {
            (low, high) = (Math.Max(low / 2, double.Epsilon), Math.Min(high * 2, double.MaxValue));
        }

        double[] exponents = [.. Multiples(1, Math.Floor(Math.Log10(low)) - 1, Math.Ceiling(Math.Log10(high)) + 1)];
        double[] Inside(IEnumerable<double> ticks) => [.. ticks.Where(tick => tick >= low && tick <= high)];
        double[] Times(params double[] factors) =>
            Inside(exponents.SelectMany(exponent => factors.Select(factor => Times10(factor, exponent))));
        ChartAxis Decades(double every)
        {
            double[] ticks = Inside(exponents.Where(exponent => exponent % every == 0).Select(Power));
            return every > 1
                ? new ChartAxis(true, low, high, ticks, Label, Inside(exponents.Where(exponent => exponent % every != 0).Select(Power)))
                : new ChartAxis(true, low, high, ticks, Label, Times(2, 3, 4, 5, 6, 7, 8, 9), Times(2, 5));
        }

        var fine = new ChartAxis(true, low, high, Times(1, 2, 5), Label, Times(3, 4, 6, 7, 8, 9));
        IEnumerable<ChartAxis> candidates = fine.Ticks.Count < 3
            ? RoundSteps((high / 6) - (low / 6)).Select(step => OfMultiples(true, low, high, step))
            : RoundSteps(1).Select(Decades).Prepend(fine);
        return BestOf(candidates, fits, least: fine.Ticks.Count > 0 ? fine : new ChartAxis(true, low, high, [low, high], Label));
    }

    /// <summary>The position of a number on the axis: 0 at its lower end, 1 at its upper end.</summary>
    public double ShareOf(double value) => _high == _low ? 0.5
        : _logarithmic ? (Math.Log(value) - Math.Log(_low)) / (Math.Log(_high) - Math.Log(_low))
        : ((value / 2) - (_low / 2)) / ((_high / 2) - (_low / 2));

    /// <summary>The number at a position on the axis.</summary>
    public double ValueAt(double share) => _logarithmic
        ? Math.Exp(((1 - share) * Math.Log(_low)) + (share * Math.Log(_high)))
        : ((1 - share) * _low) + (share * _high);

    // The candidates have fewer and fewer ticks. The first one with enough room is best; otherwise the last one with two ticks.
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

    // Powers of ten times 1, 2 and 5, in ascending order.
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

    private static double Power(double exponent) => Times10(1, exponent);

    // Parsing gives the double that is nearest to 3e-5; a power and a product would each round.
    private static double Times10(double factor, double exponent) =>
        double.Parse(string.Create(CultureInfo.InvariantCulture, $"{factor:0}e{exponent:0}"), CultureInfo.InvariantCulture);

    private static string Label(double value) => value is >= 1e-4 and < 1e6
        ? value.ToString("#,0.######", CultureInfo.InvariantCulture)
        : value.ToString("0.##e0", CultureInfo.InvariantCulture);

    // Enough digits to distinguish neighbouring multiples of the step.
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
