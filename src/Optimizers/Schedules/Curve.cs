namespace Optimizers.Schedules;

/// <summary>The shape of a curve from one value to another.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CurveShape>))]
public enum CurveShape
{
    /// <summary>A straight line: from + (to − from)·t.</summary>
    Linear,

    /// <summary>Half a cosine, flat at both ends: to + (from − to)·(1 + cos πt)/2.</summary>
    Cosine,

    /// <summary>Steep at the start: from + (to − from)·√t. From 1 to 0 this is the shape 1 − √t of Hägele et al. 2024, arXiv
    /// 2405.18392.</summary>
    InverseSquareRoot,
}

/// <summary>
/// The building blocks of schedules. A curve runs from t = 0 to t = 1, is exact at both ends, and never goes beyond them.
/// </summary>
internal static class Curve
{
    /// <summary>The advice for a schedule that can only fall, but was given a higher end.</summary>
    public const string ToRise = $"For a value that rises, use {nameof(Linear)} or {nameof(SwaAnneal)}.";

    /// <summary>The advice for a warmup with a start above its peak.</summary>
    public const string ToBeginHigher = $"To begin above it, put another schedule before this one with {nameof(Sequence)}.";

    /// <summary>The completed share of a number of steps that start at an index. If the number of steps is 0, the share is 0
    /// before the index and 1 from the index on.</summary>
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

        // Rounding can move the value past the end by one unit in the last place.
        double value = from + ((to - from) * t);
        return from < to ? Math.Min(value, to) : Math.Max(value, to);
    }

    public static double HalfCosine(double from, double to, double t)
    {
        // The square of the cosine of half the angle keeps the digits that 1 + cos loses near the end. At the end itself,
        // the square is not exactly 0.
        double cosine = Math.Cos(Math.PI / 2 * t);
        return t >= 1 ? to : Line(to, from, cosine * cosine);
    }

    /// <summary>A value multiplied by a factor a number of times.</summary>
    public static double Geometric(double initial, double factor, long count) =>
        initial == 0 ? 0 : initial * PrecisePowers.Of(factor, (ulong)count);

    /// <summary>The number of elements of an ascending list of indices that are at most <paramref name="step"/>.</summary>
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

    /// <summary>Copies indices, and throws if one is below 0. Unless any order is allowed, it also throws if they are not in
    /// ascending order.</summary>
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
