namespace Race;

/// <summary>Contour lines of a surface, computed with marching squares.</summary>
internal sealed class Contour
{
    // The number of cells along each side of the view. It resolves the narrowest valley at the lowest contour line.
    private const int Cells = 240;

    private readonly Surface _surface;
    private readonly int _cells;
    private readonly double[][] _heights;

    /// <param name="surface">The surface.</param>
    /// <param name="cells">The number of cells along each side of the view.</param>
    public Contour(Surface surface, int cells = Cells)
    {
        (_surface, _cells) = (surface, cells);
        _heights =
        [
            .. Enumerable.Range(0, cells + 1).Select(i => Enumerable.Range(0, cells + 1).Select(j =>
            {
                (double x, double y) = PlaceOf(i, j);
                return surface.Value(x, y);
            }).ToArray()),
        ];
    }

    /// <summary>The heights of the contour lines. Equal ratios between heights show the floor as well as the walls.</summary>
    public IReadOnlyList<double> Levels => _surface.Heights
        ?? [.. Enumerable.Range(1, 6).Select(power => _heights.Max(column => column.Max()) * Math.Pow(4, -power))];

    /// <summary>
    /// The contour lines at a height. A closed line has the same first and last position. Every other line begins and ends at a side of the view.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<(double X, double Y)>> At(double level)
    {
        // For each cell side that a line crosses: the one or two sides that the line crosses before and after it.
        var next = new Dictionary<(int I, int J, bool Upright), List<(int I, int J, bool Upright)>>();
        for (int i = 0; i < _cells; i++)
        {
            for (int j = 0; j < _cells; j++)
            {
                foreach (((int, int, bool) from, (int, int, bool) to) in Pieces(i, j, level))
                {
                    Link(from, to);
                    Link(to, from);
                }
            }
        }

        // First the lines that begin at a side of the view. All remaining lines are closed.
        var lines = new List<IReadOnlyList<(double X, double Y)>>();
        foreach ((int, int, bool) start in next.Keys.OrderBy(side => next[side].Count).ToArray())
        {
            if (next[start].Count > 0)
            {
                lines.Add([.. Follow(start).Select(side => Crossing(side, level))]);
            }
        }

        return lines;

        void Link((int, int, bool) from, (int, int, bool) to)
        {
            if (!next.TryGetValue(from, out List<(int, int, bool)>? ends))
            {
                next[from] = ends = [];
            }

            ends.Add(to);
        }

        IEnumerable<(int I, int J, bool Upright)> Follow((int I, int J, bool Upright) side)
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
    }

    // The pieces of contour lines in a cell, each from one side of the cell to another.
    private IEnumerable<((int I, int J, bool Upright) From, (int I, int J, bool Upright) To)> Pieces(int i, int j, double level)
    {
        // Corners and sides in order, beginning at the lower left corner. Side i is between the corners i and i + 1.
        bool[] below =
        [
            _heights[i][j] < level, _heights[i + 1][j] < level, _heights[i + 1][j + 1] < level, _heights[i][j + 1] < level,
        ];
        (int, int, bool)[] sides = [(i, j, false), (i + 1, j, true), (i, j + 1, false), (i, j, true)];
        int[] crossed = [.. Enumerable.Range(0, 4).Where(side => below[side] != below[(side + 1) % 4])];
        if (crossed.Length == 2)
        {
            yield return (sides[crossed[0]], sides[crossed[1]]);
        }
        else if (crossed.Length == 4)
        {
            // A saddle: the two corners on the same side of the line as the middle of the cell are connected.
            (double x, double y) = PlaceOf(i + 0.5, j + 0.5);
            int shift = _surface.Value(x, y) < level == below[0] ? 0 : 3;
            yield return (sides[shift], sides[(shift + 1) % 4]);
            yield return (sides[(shift + 2) % 4], sides[(shift + 3) % 4]);
        }
    }

    // The position at which a line crosses a cell side. A side goes up or to the right from (i, j).
    private (double X, double Y) Crossing((int I, int J, bool Upright) side, double level)
    {
        (int i, int j, bool upright) = side;
        double from = _heights[i][j];
        double to = upright ? _heights[i][j + 1] : _heights[i + 1][j];
        double share = (level - from) / (to - from);
        return upright ? PlaceOf(i, j + share) : PlaceOf(i + share, j);
    }

    private (double X, double Y) PlaceOf(double i, double j) => (
        _surface.View.Left + ((_surface.View.Right - _surface.View.Left) * i / _cells),
        _surface.View.Bottom + ((_surface.View.Top - _surface.View.Bottom) * j / _cells));
}
