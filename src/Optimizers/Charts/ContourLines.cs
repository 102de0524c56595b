namespace Optimizers.Charts;

/// <summary>Finds lines of equal height on a grid of pixels with the marching-squares algorithm.</summary>
internal sealed class ContourLines
{
    // The side of a cell in pixels. Between the corners of a cell the height is interpolated.
    private const double CellSide = 1.5;

    // A point is left out if it is closer than this to the line between its neighbours, in pixels.
    private const double Tolerance = 0.1;

    private readonly Func<double, double, double> _heightAt;
    private readonly double _cellWidth;
    private readonly double _cellHeight;
    private readonly double[][] _heights;

    /// <summary>Computes the heights at all corners of the grid.</summary>
    /// <param name="heightAt">The height at a pixel.</param>
    /// <param name="width">The width of the plot in pixels.</param>
    /// <param name="height">The height of the plot in pixels.</param>
    public ContourLines(Func<double, double, double> heightAt, double width, double height)
    {
        (int columns, int rows) = ((int)Math.Ceiling(width / CellSide), (int)Math.Ceiling(height / CellSide));
        (_heightAt, _cellWidth, _cellHeight) = (heightAt, width / columns, height / rows);
        _heights = [.. Enumerable.Range(0, columns + 1).Select(i => Enumerable.Range(0, rows + 1).Select(j => HeightAt(i, j)).ToArray())];
    }

    /// <summary>The lines at a height. A closed line ends at its first point; other lines end at the edge of the plot.</summary>
    public IReadOnlyList<IReadOnlyList<ChartPoint>> At(double level)
    {
        // For each side of a cell that a line crosses: the one or two sides that the line crosses next.
        var next = new Dictionary<CellSideKey, List<CellSideKey>>();
        for (int i = 0; i < _heights.Length - 1; i++)
        {
            for (int j = 0; j < _heights[i].Length - 1; j++)
            {
                foreach ((CellSideKey from, CellSideKey to) in SegmentsIn(i, j, level))
                {
                    Link(next, from, to);
                    Link(next, to, from);
                }
            }
        }

        // Lines that end at the edge come first, because the remaining ones are then closed.
        var lines = new List<IReadOnlyList<ChartPoint>>();
        foreach (CellSideKey start in next.Keys.OrderBy(side => next[side].Count).ToArray())
        {
            if (next[start].Count > 0)
            {
                lines.Add(Simplified([.. Follow(next, start).Select(side => CrossingOf(side, level))]));
            }
        }

        return lines;
    }

    private static void Link(Dictionary<CellSideKey, List<CellSideKey>> next, CellSideKey from, CellSideKey to)
    {
        if (!next.TryGetValue(from, out List<CellSideKey>? sides))
        {
            next[from] = sides = [];
        }

        sides.Add(to);
    }

    // Each link is used once, so it is removed on the way.
    private static IEnumerable<CellSideKey> Follow(Dictionary<CellSideKey, List<CellSideKey>> next, CellSideKey side)
    {
        yield return side;
        while (next[side] is [var following, ..])
        {
            next[side].Remove(following);
            next[following].Remove(side);
            side = following;
            yield return side;
        }
    }

    private static List<ChartPoint> Simplified(ChartPoint[] line)
    {
        int kept = 0;
        List<ChartPoint> points = [line[0]];
        for (int end = 2; end < line.Length; end++)
        {
            for (int between = kept + 1; between < end; between++)
            {
                if (DistanceFromLine(line[kept], line[end], line[between]) > Tolerance)
                {
                    kept = end - 1;
                    points.Add(line[kept]);
                    break;
                }
            }
        }

        points.Add(line[^1]);
        return points;
    }

    private static double DistanceFromLine(ChartPoint from, ChartPoint to, ChartPoint point)
    {
        (double x, double y) = (to.X - from.X, to.Y - from.Y);
        double length = Math.Sqrt((x * x) + (y * y));
        return length == 0
            ? Math.Sqrt(((point.X - from.X) * (point.X - from.X)) + ((point.Y - from.Y) * (point.Y - from.Y)))
            : Math.Abs((x * (point.Y - from.Y)) - (y * (point.X - from.X))) / length;
    }

    // The segments of the line in one cell, each from one side of the cell to another.
    private IEnumerable<(CellSideKey From, CellSideKey To)> SegmentsIn(int i, int j, double level)
    {
        // The corners in turn around the cell, and the side after each corner.
        double[] corners = [_heights[i][j], _heights[i + 1][j], _heights[i + 1][j + 1], _heights[i][j + 1]];
        if (!Array.TrueForAll(corners, double.IsFinite))
        {
            yield break;
        }

        bool[] below = Array.ConvertAll(corners, height => height < level);
        CellSideKey[] sides = [new(i, j, false), new(i + 1, j, true), new(i, j + 1, false), new(i, j, true)];
        int[] crossed = [.. Enumerable.Range(0, 4).Where(side => below[side] != below[(side + 1) % 4])];
        if (crossed.Length == 2)
        {
            yield return (sides[crossed[0]], sides[crossed[1]]);
        }
        else if (crossed.Length == 4)
        {
            // At a saddle the height in the middle of the cell decides which corners are on the same side of the line.
            int shift = HeightAt(i + 0.5, j + 0.5) < level == below[0] ? 0 : 3;
            yield return (sides[shift], sides[(shift + 1) % 4]);
            yield return (sides[(shift + 2) % 4], sides[(shift + 3) % 4]);
        }
    }

    private ChartPoint CrossingOf(CellSideKey side, double level)
    {
        (int i, int j, bool vertical) = side;
        double from = _heights[i][j];
        double to = vertical ? _heights[i][j + 1] : _heights[i + 1][j];
        double share = (level - from) / (to - from);
        return vertical ? PlaceOf(i, j + share) : PlaceOf(i + share, j);
    }

    private double HeightAt(double i, double j)
    {
        ChartPoint place = PlaceOf(i, j);
        return _heightAt(place.X, place.Y);
    }

    private ChartPoint PlaceOf(double i, double j) => new(i * _cellWidth, j * _cellHeight);

    // The side of a cell that begins at corner (I, J).
    private readonly record struct CellSideKey(int I, int J, bool Vertical);
}
