using Optimizers;
using Optimizers.Charts;

namespace DrawGuide;

/// <summary>A function of two numbers, and the part of the plane that the pictures show.</summary>
/// <param name="Height">The value of the function at x and y.</param>
/// <param name="Gradient">The derivatives with respect to x and y.</param>
/// <param name="Levels">The heights of the contour lines.</param>
internal sealed record Surface(
    Func<double, double, double> Height, Func<double, double, (double X, double Y)> Gradient, IReadOnlyList<double> Levels)
{
    public required ChartPoint Start { get; init; }

    public required ChartPoint Minimum { get; init; }

    public required ChartRange XRange { get; init; }

    public required ChartRange YRange { get; init; }

    /// <summary>The path of an optimizer: the start and the place after each step.</summary>
    public ChartPoint[] PathOf(IOptimizer optimizer, int steps)
    {
        float[] place = [(float)Start.X, (float)Start.Y];
        var path = new List<ChartPoint> { Start };
        for (int i = 0; i < steps; i++)
        {
            (double x, double y) = Gradient(place[0], place[1]);
            optimizer.Step(place, [(float)x, (float)y]);
            path.Add(new ChartPoint(place[0], place[1]));
        }

        return [.. path];
    }

    /// <summary>The value of the function after each step of a path, over the number of steps.</summary>
    public ChartPoint[] HeightsOf(IReadOnlyList<ChartPoint> path) =>
        [.. path.Select((place, step) => new ChartPoint(step, Height(place.X, place.Y)))];

    /// <summary>Draws paths over the contour lines, with a dot after each interval of steps.</summary>
    public LineChart ChartOf(string title, int dotInterval, params (string Name, ChartPoint[] Path)[] paths) =>
        new([.. paths.Select(path => new ChartLine(path.Name, path.Path) { DotInterval = dotInterval })])
        {
            Title = title,
            XLabel = "x",
            YLabel = "y",
            XRange = XRange,
            YRange = YRange,
            EqualScales = true,
            Contours = new ChartContours(Height, Levels),
            Marks = [new ChartMark("start", Start), new ChartMark("minimum", Minimum)],
        };
}
