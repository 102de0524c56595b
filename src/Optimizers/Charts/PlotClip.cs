namespace Optimizers.Charts;

/// <summary>Cuts lines and areas at the edges of a rectangle.</summary>
/// <param name="Left">The left edge.</param>
/// <param name="Top">The upper edge; y grows downwards.</param>
/// <param name="Right">The right edge.</param>
/// <param name="Bottom">The lower edge.</param>
internal readonly record struct PlotClip(double Left, double Top, double Right, double Bottom)
{
    public bool Contains(ChartPoint point) => point.X >= Left && point.X <= Right && point.Y >= Top && point.Y <= Bottom;

    /// <summary>The parts of a line inside the rectangle.</summary>
    public IEnumerable<IReadOnlyList<ChartPoint>> Line(IReadOnlyList<ChartPoint> points)
    {
        var part = new List<ChartPoint>();
        if (points.Count == 1 && Contains(points[0]))
        {
            part.Add(points[0]);
        }

        for (int i = 1; i < points.Count; i++)
        {
            if (Segment(points[i - 1], points[i]) is not { } inside)
            {
                continue;
            }

            if (part.Count > 0 && part[^1] != inside.From)
            {
                yield return part;
                part = [];
            }

            if (part.Count == 0)
            {
                part.Add(inside.From);
            }

            part.Add(inside.To);
        }

        if (part.Count > 0)
        {
            yield return part;
        }
    }

    /// <summary>The part of an area inside the rectangle, by the algorithm of Sutherland and Hodgman (1974).</summary>
    public IReadOnlyList<ChartPoint> Area(IReadOnlyList<ChartPoint> corners)
    {
        (double left, double top, double right, double bottom) = this;
        corners = Half(corners, point => point.X - left);
        corners = Half(corners, point => right - point.X);
        corners = Half(corners, point => point.Y - top);
        return Half(corners, point => bottom - point.Y);
    }

    // The part of the area where the signed distance from an edge is not negative.
    private static List<ChartPoint> Half(IReadOnlyList<ChartPoint> corners, Func<ChartPoint, double> distance)
    {
        var half = new List<ChartPoint>();
        for (int i = 0; i < corners.Count; i++)
        {
            (ChartPoint from, ChartPoint to) = (corners[(i + corners.Count - 1) % corners.Count], corners[i]);
            (double before, double after) = (distance(from), distance(to));
            if (before < 0 != after < 0)
            {
                half.Add(Between(from, to, before / (before - after)));
            }

            if (after >= 0)
            {
                half.Add(to);
            }
        }

        return half;
    }

    private static ChartPoint Between(ChartPoint from, ChartPoint to, double share) =>
        new(((1 - share) * from.X) + (share * to.X), ((1 - share) * from.Y) + (share * to.Y));

    // By the algorithm of Liang and Barsky (1984): each edge narrows the inside share of the segment.
    private (ChartPoint From, ChartPoint To)? Segment(ChartPoint from, ChartPoint to)
    {
        (double first, double last) = (0, 1);
        foreach ((double before, double after) in new[]
                 {
                     (from.X - Left, to.X - Left), (Right - from.X, Right - to.X), (from.Y - Top, to.Y - Top), (Bottom - from.Y, Bottom - to.Y),
                 })
        {
            if (before < 0 && after < 0)
            {
                return null;
            }

            if (before < 0)
            {
                first = Math.Max(first, before / (before - after));
            }
            else if (after < 0)
            {
                last = Math.Min(last, before / (before - after));
            }
        }

        return first > last
            ? null
            : (first == 0 ? from : Between(from, to, first), last == 1 ? to : Between(from, to, last));
    }
}
