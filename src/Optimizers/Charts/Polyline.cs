namespace Optimizers.Charts;

/// <summary>Simplifies lines through points.</summary>
internal static class Polyline
{
    /// <summary>Leaves out points that are near enough to the straight line between two points that stay. The first and the
    /// last point always stay.</summary>
    /// <param name="points">The points, at least one.</param>
    /// <param name="isNear">Whether the line from the first argument to the second is near enough to the third.</param>
    public static IEnumerable<T> Simplified<T>(IReadOnlyList<T> points, Func<T, T, T, bool> isNear)
    {
        int kept = 0;
        yield return points[0];
        for (int end = 2; end < points.Count; end++)
        {
            if (Enumerable.Range(kept + 1, end - kept - 1).Any(between => !isNear(points[kept], points[end], points[between])))
            {
                kept = end - 1;
                yield return points[kept];
            }
        }

        yield return points[^1];
    }
}
