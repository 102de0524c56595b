namespace Optimizers.Charts;

/// <summary>Lines of equal height in a plot, in pixels.</summary>
internal sealed class ContourLines
{
    // The side of a cell in pixels. Between the corners of a cell the height is interpolated.
    private const double CellSide = 1.5;

    // A point is left out if its distance from the line between its neighbours is less than this number of pixels.
    private const double Tolerance = 0.1;

    private readonly double _cellWidth;
    private readonly double _cellHeight;
    private readonly MarchingSquares _squares;

    /// <summary>Computes the heights at all corners of the grid.</summary>
    /// <param name="heightAt">The height at a pixel.</param>
    /// <param name="width">The width of the plot in pixels.</param>
    /// <param name="height">The height of the plot in pixels.</param>
    public ContourLines(Func<double, double, double> heightAt, double width, double height)
    {
        (int columns, int rows) = ((int)Math.Ceiling(width / CellSide), (int)Math.Ceiling(height / CellSide));
        (_cellWidth, _cellHeight) = (width / columns, height / rows);
        _squares = new MarchingSquares((i, j) => heightAt(i * _cellWidth, j * _cellHeight), columns, rows);
    }

    /// <summary>The lines at a height. A closed line ends at its first point; other lines end at the edge of the plot.</summary>
    public IReadOnlyList<IReadOnlyList<ChartPoint>> At(double level) =>
    [
        .. _squares.At(level).Select(line => Polyline.Simplified(
            Array.ConvertAll(line, place => new ChartPoint(place.X * _cellWidth, place.Y * _cellHeight)),
            (from, to, between) => DistanceFromLine(from, to, between) <= Tolerance).ToArray()),
    ];

    private static double DistanceFromLine(ChartPoint from, ChartPoint to, ChartPoint point)
    {
        (double x, double y) = (to.X - from.X, to.Y - from.Y);
        double length = Math.Sqrt((x * x) + (y * y));
        return length == 0
            ? Math.Sqrt(((point.X - from.X) * (point.X - from.X)) + ((point.Y - from.Y) * (point.Y - from.Y)))
            : Math.Abs((x * (point.Y - from.Y)) - (y * (point.X - from.X))) / length;
    }
}
