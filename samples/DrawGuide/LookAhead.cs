using System.Globalization;
using Optimizers;
using Optimizers.Charts;

namespace DrawGuide;

/// <summary>Momentum and Nesterov's momentum: how far both go past the minimum.</summary>
internal static class LookAhead
{
    private const int Steps = 60;
    private const double Rate = 0.02;
    private const double Mu = 0.9;

    public static ChartGrid Draw()
    {
        Surface surface = Ravine.Surface with { XRange = new ChartRange(-5, 2), YRange = new ChartRange(-1.4, 1.4) };
        (string Name, ChartPoint[] Path)[] paths =
        [
            (nameof(Momentum), surface.PathOf(new Momentum(2, new MomentumOptions { LearningRate = Rate, Momentum = Mu }), Steps)),
            (nameof(Nesterov), surface.PathOf(new Nesterov(2, new NesterovOptions { LearningRate = Rate, Momentum = Mu }), Steps)),
        ];
        return new ChartGrid(
        [
            Sized(surface.ChartOf("The paths", dotInterval: 1, paths)),
            Sized(OverSteps("Along the ravine", "x", paths, place => place.X)),
            Sized(OverSteps("Across the ravine", "y", paths, place => place.Y)),
            Sized(new LineChart([.. paths.Select(path => new ChartLine(path.Name, surface.HeightsOf(path.Path)))])
            {
                Title = "The value of f",
                XLabel = "step",
                YLabel = "f, log scale",
                LogarithmicY = true,
            }),
        ])
        {
            Title = "Nesterov's look-ahead overshoots less",
            Subtitle = string.Create(
                CultureInfo.InvariantCulture, $"f(x, y) = (x² + 20y²) / 2, rate {Rate}, μ = {Mu}, {Steps} steps, a dot at each step."),
        };
    }

    private static LineChart OverSteps(
        string title, string label, (string Name, ChartPoint[] Path)[] paths, Func<ChartPoint, double> coordinate) =>
        new([.. paths.Select(path => new ChartLine(path.Name, [.. path.Path.Select((place, step) => new ChartPoint(step, coordinate(place)))]))])
        {
            Title = title,
            XLabel = "step",
            YLabel = label,
        };

    private static LineChart Sized(LineChart chart) => chart with { PlotWidth = 400, PlotHeight = 190 };
}
