namespace Race;

/// <summary>The descent of a contender on a surface at its best rate.</summary>
internal sealed record Descent(
    Contender Contender, double Rate, IReadOnlyList<(double X, double Y)> Path, double Gap, int? Arrived, bool StaysInView)
{
    // The descent has arrived when the value is at most this far above the lowest value.
    public const double Near = 1e-4;

    // The value must stay there for this number of steps, so that a path that only passes by does not count.
    private const int Settled = 10;

    /// <summary>
    /// Tries all rates and returns the best descent. Paths that stay in the view rank before others, then earlier arrivals before later
    /// ones, then lower final values before higher ones.
    /// </summary>
    public static Descent Of(Contender contender, Surface surface, int steps) => contender.Rates
        .Select(rate => At(contender, surface, rate, steps))
        .OrderByDescending(descent => descent.StaysInView)
        .ThenBy(descent => descent.Arrived ?? int.MaxValue)
        .ThenBy(descent => double.IsNaN(descent.Gap) ? double.PositiveInfinity : descent.Gap)
        .First();

    private static Descent At(Contender contender, Surface surface, double rate, int steps)
    {
        (double X, double Y)[] path = [.. contender.Descend(surface, rate, steps)];
        double[] gaps = [.. path.Select(place => surface.Value(place.X, place.Y))];
        int outside = Array.FindLastIndex(gaps, gap => !(gap <= Near));
        return new Descent(
            contender, rate, path, gaps[^1], outside < path.Length - Settled ? outside + 1 : null, Array.TrueForAll(path, surface.Shows));
    }
}
