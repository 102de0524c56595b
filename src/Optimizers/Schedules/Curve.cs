namespace Optimizers.Schedules;

/// <summary>A curve from one value to another.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CurveShape>))]
public enum CurveShape
{
    /// <summary>A straight line: from + (to − from)·t.</summary>
    Linear,

    /// <summary>Half a cosine, flat at both ends: to + (from − to)·(1 + cos πt)/2.</summary>
    Cosine,

    /// <summary>Steep at first: from + (to − from)·√t. From 1 to 0 it is the 1 − √t of Hägele et al. 2024, arXiv 2405.18392.</summary>
    InverseSquareRoot,
}

/// <summary>
/// What schedules are made of. Curves run from t = 0 to t = 1, are exact at both ends and never beyond them.
/// </summary>
internal static class Curve
{
    /// <summary>The advice of a schedule that falls where it was asked to rise.</summary>
    public const string ToRise = $"For a value that rises, use {nameof(Linear)} or {nameof(SwaAnneal)}.";

    /// <summary>The advice of a warmup that was asked to begin above its peak.</summary>
    public const string ToBeginHigher = $"To begin above it, put another schedule before this one with {nameof(Sequence)}.";

    /// <summary>How much of some steps from a first one is over; of no steps: nothing before the first one, then all.</summary>
    public static double Progress(long step, long begin, long steps) =>
        steps > 0 ? (double)Math.Clamp(step - begin, 0, steps) / steps : step < begin ? 0 : 1;

    public static double Between(CurveShape shape, double from, double to, double t) => shape switch
    {
        CurveShape.Cosine => HalfCosine(from, to, t),
        CurveShape.InverseSquareRoot => Line(from, to, Math.Sqrt(t)),
        _ => Line(from, to, t),
    };

    public static double Line(double from, double to, double t)
    {
        if (t >= 1)
        {
            return to;
        }

        // Rounding can carry it past the end by the last bit.
        double value = from + ((to - from) * t);
        return from < to ? Math.Min(value, to) : Math.Max(value, to);
    }

    public static double HalfCosine(double from, double to, double t)
    {
        // cos² of half the angle keeps the digits that 1 + cos loses near the end, and is not quite 0 at the end.
        double cosine = Math.Cos(Math.PI / 2 * t);
        return t >= 1 ? to : Line(to, from, cosine * cosine);
    }

    /// <summary>A value after it has been multiplied by a factor a number of times.</summary>
    public static double Geometric(double initial, double factor, long count) =>
        initial == 0 ? 0 : initial * PrecisePowers.Of(factor, (ulong)count);

    /// <summary>How many of some indices, in ascending order, are at most <paramref name="step"/>.</summary>
    public static int CountUpTo(ValueList<long> ascending, long step)
    {
        int low = 0;
        int high = ascending.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = ascending[middle] <= step ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>A copy of indices that must be at least 0 and, unless they may come in any order, ascending.</summary>
    public static ValueList<long> Indices(IReadOnlyList<long> indices, bool anyOrder, string name)
    {
        ArgumentNullException.ThrowIfNull(indices, name);
        var copy = new ValueList<long>(anyOrder ? indices.Order() : indices);
        for (int i = 0; i < copy.Count; i++)
        {
            if (copy[i] < (i == 0 ? 0 : copy[i - 1]))
            {
                throw new ArgumentOutOfRangeException(
                    name, copy[i], $"{name} must be at least 0{(anyOrder ? "" : " and in ascending order")}, but are {copy}.");
            }
        }

        return copy;
    }
}
