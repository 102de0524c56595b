using Optimizers.Charts;

namespace Race;

/// <summary>Contour lines of a surface.</summary>
internal sealed class Contour
{
    // The number of cells along each side of the view. It resolves the narrowest valley at the lowest contour line.
    private const int Cells = 240;

    private readonly Surface _surface;
    private readonly int _cells;
    private readonly MarchingSquares _squares;

    /// <param name="surface">The surface.</param>
    /// <param name="cells">The number of cells along each side of the view.</param>
    public Contour(Surface surface, int cells = Cells)
    {
        (_surface, _cells) = (surface, cells);
        _squares = new MarchingSquares(
            (i, j) =>
            {
                (double x, double y) = PlaceOf(i, j);
                return surface.Value(x, y);
            },
            cells,
            cells);
    }

    /// <summary>The heights of the contour lines. Equal ratios between heights show the floor as well as the walls.</summary>
    public IReadOnlyList<double> Levels => _surface.Heights ?? [.. Enumerable.Range(1, 6).Select(power => _squares.Highest * Math.Pow(4, -power))];

    /// <summary>
    /// The contour lines at a height. A closed line has the same first and last position. Every other line begins and ends at a side of the view.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<(double X, double Y)>> At(double level) =>
        [.. _squares.At(level).Select(line => Array.ConvertAll(line, place => PlaceOf(place.X, place.Y)))];

    private (double X, double Y) PlaceOf(double i, double j) => (
        _surface.View.Left + ((_surface.View.Right - _surface.View.Left) * i / _cells),
        _surface.View.Bottom + ((_surface.View.Top - _surface.View.Bottom) * j / _cells));
}
