using System.Globalization;
using Optimizers;
using Optimizers.Charts;

namespace DrawGuide;

/// <summary>Four optimizers in the bent valley of Rosenbrock's function.</summary>
internal static class Rosenbrock
{
    private const int Steps = 300;

    /// <summary>f(x, y) = (1 − x)² + 100(y − x²)².</summary>
    public static Surface Surface { get; } = new(
        (x, y) => Square(1 - x) + (100 * Square(y - (x * x))),
        (x, y) => ((-2 * (1 - x)) - (400 * x * (y - (x * x))), 200 * (y - (x * x))),
        [0.5, 2, 5, 12, 25, 50, 100, 200, 400])
    {
        Start = new ChartPoint(-1.2, 1),
        Minimum = new ChartPoint(1, 1),
        XRange = new ChartRange(-1.8, 1.8),
        YRange = new ChartRange(-0.7, 2),
    };

    public static ChartGrid Draw()
    {
        Optimizer[] optimizers =
        [
            new Sgd(2, new SgdOptions { LearningRate = 0.002 }),
            new Momentum(2, new MomentumOptions { LearningRate = 0.001 }),
            new RmsProp(2, new RmsPropOptions { LearningRate = 0.01 }),
            new Adam(2, new AdamOptions { LearningRate = 0.1 }),
        ];
        return new ChartGrid([.. optimizers.Select(ChartOf)])
        {
            Title = "Four optimizers in Rosenbrock's valley",
            Subtitle = string.Create(
                CultureInfo.InvariantCulture,
                $"f(x, y) = (1 − x)² + 100(y − x²)². {Steps} steps, a dot at every tenth. Grey: lines of equal height."),
        };
    }

    private static LineChart ChartOf(Optimizer optimizer)
    {
        string name = optimizer is RmsProp ? "RMSprop" : optimizer.GetType().Name;
        ChartPoint[] path = Surface.PathOf(optimizer, Steps);
        double end = Surface.Height(path[^1].X, path[^1].Y);
        string title = string.Create(CultureInfo.InvariantCulture, $"{name}, rate {optimizer.Options.LearningRate}: f = {end:0.###} at the end");
        return Surface.ChartOf(title, dotInterval: 10, (name, path)) with { PlotWidth = 400, PlotHeight = 300 };
    }

    private static double Square(double x) => x * x;
}
