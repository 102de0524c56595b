namespace Optimizers.Charts;

/// <summary>Finds lines of equal height on a grid of square cells with the marching-squares algorithm.</summary>
internal sealed class MarchingSquares
{
    private readonly Func<double, double, double> _heightAt;
    private readonly double[][] _heights;

    /// <summary>Computes the heights at all corners of the grid.</summary>
    /// <param name="heightAt">The height at a place, in cells from the first corner.</param>
    /// <param name="columns">The number of cells in a row.</param>
    /// <param name="rows">The number of cells in a column.</param>
    public MarchingSquares(Func<double, double, double> heightAt, int columns, int rows)
    {
        _heightAt = heightAt;
        _heights = [.. Enumerable.Range(0, columns + 1).Select(i => Enumerable.Range(0, rows + 1).Select(j => heightAt(i, j)).ToArray())];
    }

    /// <summary>The largest height at a corner.</summary>
    public double Highest => _heights.Max(column => column.Max());

    /// <summary>
    /// The lines at a height, in cells from the first corner. A closed line ends at its first point; other lines end at the edge of the grid.
    /// </summary>
    public IEnumerable<ChartPoint[]> At(double level)
    {
        // For each side of a cell that a line crosses: the one or two sides that the line crosses next.
        var next = new Dictionary<CellSide, List<CellSide>>();
        for (int i = 0; i < _heights.Length - 1; i++)
        {
            for (int j = 0; j < _heights[i].Length - 1; j++)
            {
                foreach ((CellSide from, CellSide to) in SegmentsIn(i, j, level))
                {
                    Link(next, from, to);
                    Link(next, to, from);
                }
            }
        }

        // Lines that end at the edge come first, because the remaining ones are then closed.
        foreach (CellSide start in next.Keys.OrderBy(side => next[side].Count).ToArray())
        {
            if (next[start].Count > 0)
            {
                yield return [.. Follow(next, start).Select(side => CrossingOf(side, level))];
            }
        }
    }

    private static void Link(Dictionary<CellSide, List<CellSide>> next, CellSide from, CellSide to)
    {
        if (!next.TryGetValue(from, out List<CellSide>? sides))
        {
            next[from] = sides = [];
        }

        sides.Add(to);
    }

    // Each link is used once, so it is removed when it is used.
    private static IEnumerable<CellSide> Follow(Dictionary<CellSide, List<CellSide>> next, CellSide side)
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

    // The segments of the line in one cell, each from one side of the cell to another.
    private IEnumerable<(CellSide From, CellSide To)> SegmentsIn(int i, int j, double level)
    {
        // The corners in turn around the cell, and the side after each corner.
        double[] corners = [_heights[i][j], _heights[i + 1][j], _heights[i + 1][j + 1], _heights[i][j + 1]];
        if (!Array.TrueForAll(corners, double.IsFinite))
        {
            yield break;
        }

        bool[] below = Array.ConvertAll(corners, height => height < level);
        CellSide[] sides = [new(i, j, false), new(i + 1, j, true), new(i, j + 1, false), new(i, j, true)];
        int[] crossed = [.. Enumerable.Range(0, 4).Where(side => below[side] != below[(side + 1) % 4])];
        if (crossed.Length == 2)
        {
            yield return (sides[crossed[0]], sides[crossed[1]]);
        }
        else if (crossed.Length == 4)
        {
            // At a saddle the height in the middle of the cell decides which corners are on the same side of the line.
            int shift = _heightAt(i + 0.5, j + 0.5) < level == below[0] ? 0 : 3;
            yield return (sides[shift], sides[(shift + 1) % 4]);
            yield return (sides[(shift + 2) % 4], sides[(shift + 3) % 4]);
        }
    }

    private ChartPoint CrossingOf(CellSide side, double level)
    {
        (int i, int j, bool vertical) = side;
        double from = _heights[i][j];
        double to = vertical ? _heights[i][j + 1] : _heights[i + 1][j];
        double share = (level - from) / (to - from);
        return vertical ? new ChartPoint(i, j + share) : new ChartPoint(i + share, j);
    }

    // The side of a cell that begins at corner (I, J).
    private readonly record struct CellSide(int I, int J, bool Vertical);
}
