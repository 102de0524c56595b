namespace Race;

/// <summary>How a contender descended a surface at the rate that suited it best.</summary>
internal sealed record Descent(
    Contender Contender, double Rate, IReadOnlyList<(double X, double Y)> Path, double Gap, int? Arrived, bool StaysInView)
{
    // So near to the lowest value is there.
    public const double Near = 1e-4;

    // To stay there, not to pass by, means for so many steps.
    private const int Settled = 10;

    /// <summary>
    /// Tries all rates; those come first at which the path stays in the view, and of them the one that is there first or, if none is,
    /// ends lowest.
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
