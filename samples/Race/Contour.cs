namespace Race;

/// <summary>Lines of equal height, by marching squares.</summary>
internal static class Contour
{
    // Across each side of the view; finer than anybody sees at the size of a panel.
    private const int Cells = 72;

    /// <summary>Heights that make the floor as visible as the walls: each a fourth of the one above.</summary>
    public static double[] Levels(Surface surface)
    {
        double highest = Heights(surface).Max(column => column.Max());
        return [.. Enumerable.Range(1, 8).Select(power => highest * Math.Pow(4, -power))];
    }

    /// <summary>The pieces of the line at a height.</summary>
    public static IEnumerable<((double X, double Y) From, (double X, double Y) To)> At(Surface surface, double level)
    {
        double[][] heights = Heights(surface);
        for (int i = 0; i < Cells; i++)
        {
            for (int j = 0; j < Cells; j++)
            {
                // The corners of the cell, around it; where two neighbours lie on both sides, the line goes through between.
                (int I, int J)[] corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)];
                var crossings = new List<(double X, double Y)>(4);
                for (int side = 0; side < 4; side++)
                {
                    (int I, int J) from = corners[side], to = corners[(side + 1) % 4];
                    double low = heights[from.I][from.J] - level, high = heights[to.I][to.J] - level;
                    if (low < 0 != high < 0)
                    {
                        double share = low / (low - high);
                        crossings.Add(PlaceOf(surface, from.I + (share * (to.I - from.I)), from.J + (share * (to.J - from.J))));
                    }
                }

                for (int pair = 0; pair + 1 < crossings.Count; pair += 2)
                {
                    yield return (crossings[pair], crossings[pair + 1]);
                }
            }
        }
    }

    private static double[][] Heights(Surface surface) =>
    [
        .. Enumerable.Range(0, Cells + 1).Select(i => Enumerable.Range(0, Cells + 1).Select(j =>
        {
            (double x, double y) = PlaceOf(surface, i, j);
            return surface.Value(x, y);
        }).ToArray()),
    ];

    private static (double X, double Y) PlaceOf(Surface surface, double i, double j) => (
        surface.View.Left + ((surface.View.Right - surface.View.Left) * i / Cells),
        surface.View.Bottom + ((surface.View.Top - surface.View.Bottom) * j / Cells));
}
