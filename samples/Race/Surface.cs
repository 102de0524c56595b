namespace Race;

/// <summary>A function of two numbers that is hard to minimize, with the start of the race and the part that the picture shows.</summary>
/// <param name="Name">The name of the function.</param>
/// <param name="Value">The value of f minus the minimum of f.</param>
/// <param name="Gradient">The derivatives of f with respect to x and y.</param>
internal sealed record Surface(
    string Name, Func<double, double, double> Value, Func<double, double, (double X, double Y)> Gradient)
{
    public required (double X, double Y) Start { get; init; }

    /// <summary>The positions of all minima of f.</summary>
    public required IReadOnlyList<(double X, double Y)> Minima { get; init; }

    /// <summary>The part of the plane that the picture shows.</summary>
    public required (double Left, double Bottom, double Right, double Top) View { get; init; }

    /// <summary>
    /// The heights of the contour lines. Null: the first is a quarter of the highest value in the view, and each other one is a quarter of the one above it.
    /// </summary>
    public IReadOnlyList<double>? Heights { get; init; }

    /// <summary>The reason why the function is hard to minimize.</summary>
    public required string Trouble { get; init; }

    public static IReadOnlyList<Surface> All { get; } =
    [
        new(
            "Rosenbrock",
            (x, y) => Square(1 - x) + (100 * Square(y - (x * x))),
            (x, y) => ((-2 * (1 - x)) - (400 * x * (y - (x * x))), 200 * (y - (x * x))))
        {
            Start = (-1.2, 1),
            Minima = [(1, 1)],
            View = (-1.7, -0.7, 1.7, 2),
            Trouble = "a curved valley with an almost flat floor",
        },
        new("Ravine", (x, y) => ((x * x) + (100 * y * y)) / 2, (x, y) => (x, 100 * y))
        {
            Start = (-4, 0.8),
            Minima = [(0, 0)],
            View = (-4.6, -1.3, 2.4, 1.3),
            Trouble = "100 times as steep across as along",
        },
        new("Saddle", (x, y) => (x * x) + Square((y * y / 2) - 1), (x, y) => (2 * x, 2 * y * ((y * y / 2) - 1)))
        {
            Start = (1.2, 0.01),
            Minima = [(0, Math.Sqrt(2)), (0, -Math.Sqrt(2))],
            View = (-1.5, -2, 1.5, 2),
            Trouble = "starts almost on the ridge to the saddle",
        },
        new("Beale", Beale, BealeGradient)
        {
            Start = (0.5, -1),
            Minima = [(3, 0.5)],
            View = (-1.5, -1.4, 4, 2),
            Trouble = "steep walls around a flat floor",
        },
        new(
            "Himmelblau",
            (x, y) => Square((x * x) + y - 11) + Square(x + (y * y) - 7),
            (x, y) => ((4 * x * ((x * x) + y - 11)) + (2 * (x + (y * y) - 7)), (2 * ((x * x) + y - 11)) + (4 * y * (x + (y * y) - 7))))
        {
            Start = (-0.5, -0.5),
            Minima = [(3, 2), (-2.805118, 3.131312), (-3.77931, -3.283186), (3.584428, -1.848126)],
            View = (-5, -5, 5, 5),
            Trouble = "four minima of the same height",
        },
        new(
            "Rastrigin",
            (x, y) => 20 + (x * x) + (y * y) - (10 * (Math.Cos(Math.Tau * x) + Math.Cos(Math.Tau * y))),
            (x, y) => ((2 * x) + (10 * Math.Tau * Math.Sin(Math.Tau * x)), (2 * y) + (10 * Math.Tau * Math.Sin(Math.Tau * y))))
        {
            Start = (2.3, 1.6),
            Minima = [(0, 0)],
            View = (-3, -3, 3, 3),
            Heights = [3, 6, 12, 22, 32, 42, 52],
            Trouble = "a local minimum near all whole numbers",
        },
    ];

    /// <summary>Returns the name.</summary>
    public override string ToString() => Name;

    /// <summary>Whether a position is in the view.</summary>
    public bool Shows((double X, double Y) place) =>
        place.X >= View.Left && place.X <= View.Right && place.Y >= View.Bottom && place.Y <= View.Top;

    private static double Square(double x) => x * x;

    private static double Beale(double x, double y) =>
        Square(1.5 - x + (x * y)) + Square(2.25 - x + (x * y * y)) + Square(2.625 - x + (x * y * y * y));

    private static (double X, double Y) BealeGradient(double x, double y)
    {
        double first = 1.5 - x + (x * y);
        double second = 2.25 - x + (x * y * y);
        double third = 2.625 - x + (x * y * y * y);
        return (
            2 * ((first * (y - 1)) + (second * ((y * y) - 1)) + (third * ((y * y * y) - 1))),
            2 * x * (first + (2 * y * second) + (3 * y * y * third)));
    }
}
