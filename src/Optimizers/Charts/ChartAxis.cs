using System.Globalization;

namespace Optimizers.Schedules;

/// <summary>An axis: the stretch of numbers that it shows, and where it has marks.</summary>
internal sealed class ChartAxis
{
    private readonly bool _logarithmic;
    private readonly double _low;
    private readonly double _high;

    private ChartAxis(bool logarithmic, double low, double high, IEnumerable<double> ticks, Func<double, string> label)
    {
        (_logarithmic, _low, _high) = (logarithmic, low, high);
        Ticks = [.. ticks.Select(tick => (tick, label(tick)))];
    }

    /// <summary>The marks and what stands beside them.</summary>
    public IReadOnlyList<(double Value, string Label)> Ticks { get; }

    /// <summary>For whole numbers, from the first to the last, both with a mark, which are not closer than there is room.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="room">How many letters there is room for.</param>
    public static ChartAxis Whole(IReadOnlyCollection<double> values, double room)
    {
        static string Label(double value) => value.ToString(
            Math.Abs(value) < 1e10 ? "#,0" : "0.####e0", CultureInfo.InvariantCulture);
        (double first, double last) = (values.Min(), values.Max());
        double apart = (last - first) * (Math.Max(Label(first).Length, Label(last).Length) + 1.5) / room;
        double step = 1;
        for (int i = 0; step < apart || (last - first) / step > 10; i++)
        {
            step *= i % 3 == 1 ? 2.5 : 2;
        }

        double atLeast = Math.Max(apart, step / 2);
        IEnumerable<double> multiples = Multiples(step, Math.Ceiling(first / step), Math.Floor(last / step))
            .Where(tick => tick - first >= atLeast && last - tick >= atLeast);
        return new ChartAxis(false, first, last, multiples.Prepend(first).Append(last).Distinct(), Label);
    }

    /// <summary>From a round number below the numbers to one above, with round numbers between.</summary>
    public static ChartAxis Linear(IReadOnlyCollection<double> values)
    {
        (double low, double high) = (values.Min(), values.Max());
        if (low == high)
        {
            (low, high) = (Math.Min(low, 0), high == 0 ? 1 : Math.Max(1.25 * high, 0));
        }

        // A scale that begins near 0 had better begin there.
        low = low > 0 && low <= high / 2 ? 0 : low;
        double raw = (high - low) / 6;
        double power = Power(Math.Floor(Math.Log10(raw)));
        double step = power * new double[] { 1, 2, 5, 10 }.First(factor => factor * power >= raw * (1 - 1e-12));
        double first = Math.Floor((low / step) + 1e-9);
        double last = Math.Ceiling((high / step) - 1e-9);
        return new ChartAxis(
            false, first * step, last * step, Multiples(step, first, last), value => Label(value, step, Math.Max(high, -low)));
    }

    /// <summary>
    /// Marks at 1, 2 and 5 times powers of ten; at the powers only if that makes too many. It begins and ends at a mark, or
    /// at the numbers themselves.
    /// </summary>
    public static ChartAxis Logarithmic(IReadOnlyCollection<double> values, bool fromMarkToMark)
    {
        (double low, double high) = (values.Min(), values.Max());
        double[] powers = [.. Multiples(1, Math.Floor(Math.Log10(low)) - 1, Math.Ceiling(Math.Log10(high)) + 1).Select(Power)];
        double[] fine = Around([.. powers.SelectMany(power => new[] { power, 2 * power, 5 * power })], low, high);
        double[] ticks = fine.Length <= 10 ? fine : Around(powers, low, high);
        if (fromMarkToMark)
        {
            return new ChartAxis(true, ticks[0], ticks[^1], Thinned(ticks), Label);
        }

        (low, high) = low < high ? (low, high) : (low / 2, high * 2);
        return new ChartAxis(true, low, high, Thinned([.. ticks.Where(tick => tick >= low && tick <= high)]), Label);
    }

    /// <summary>Where a number lies on the axis, from 0 to 1.</summary>
    public double ShareOf(double value) => _high == _low ? 0.5
        : _logarithmic ? Math.Log(value / _low) / Math.Log(_high / _low)
        : (value - _low) / (_high - _low);

    /// <summary>The number at a place of the axis.</summary>
    public double ValueAt(double share) => _logarithmic
        ? _low * Math.Exp(share * Math.Log(_high / _low))
        : _low + (share * (_high - _low));

    private static IEnumerable<double> Multiples(double step, double first, double last)
    {
        for (double i = first; i <= last; i++)
        {
            yield return i * step;
        }
    }

    private static double[] Around(double[] ticks, double low, double high)
    {
        int first = Array.FindLastIndex(ticks, tick => tick <= low * (1 + 1e-12));
        int last = Array.FindIndex(ticks, tick => tick > high);
        return ticks[first..(last + 1)];
    }

    private static double[] Thinned(double[] ticks)
    {
        int every = (ticks.Length / 11) + 1;
        return [.. ticks.Where((_, i) => i % every == 0)];
    }

    // Decimal fractions as they are written: 1e-5, not 10 to the power of −5 by rounding.
    private static double Power(double exponent) =>
        double.Parse(string.Create(CultureInfo.InvariantCulture, $"1e{exponent:0}"), CultureInfo.InvariantCulture);

    private static string Label(double value) => value is 0 or >= 1e-4 and < 1e6
        ? value.ToString("#,0.######", CultureInfo.InvariantCulture)
        : value.ToString("0.##e0", CultureInfo.InvariantCulture);

    private static string Label(double value, double step, double largest)
    {
        int decimals = (int)Math.Max(0, -Math.Floor(Math.Log10(step) + 1e-9));
        return value == 0 ? "0"
            : decimals > 5 || largest >= 1e7 ? value.ToString("0.##e0", CultureInfo.InvariantCulture)
            : value.ToString($"N{decimals}", CultureInfo.InvariantCulture);
    }
}
