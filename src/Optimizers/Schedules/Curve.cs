namespace Optimizers.Schedules;

/// <summary>The shapes that schedules are made of.</summary>
internal static class Curve
{
    /// <summary>The line through <paramref name="from"/> at 0 and <paramref name="to"/> at <paramref name="length"/>.</summary>
    public static double Line(double from, double to, long position, long length) =>
        from + ((to - from) * ((double)position / length));

    /// <summary>
    /// Half a cosine from <paramref name="from"/> at 0 to <paramref name="to"/> at <paramref name="length"/>, held after.
    /// </summary>
    public static double HalfCosine(double from, double to, long position, long length)
    {
        if (position >= length)
        {
            return to;
        }

        // cos² of half the angle keeps the digits that 1 + cos loses near the end.
        double cosine = Math.Cos(Math.PI / 2 * ((double)position / length));
        return to + ((from - to) * cosine * cosine);
    }
}
