using Optimizers;
using Optimizers.Charts;

namespace DrawGuide;

/// <summary>Gradient descent in a ravine at a low and at a high rate, and momentum at the low rate.</summary>
internal static class Ravine
{
    private const int Steps = 40;

    // Gradient descent diverges above a rate of 2 / 20 = 0.1, because the curvature across the ravine is 20.
    private const double LowRate = 0.02;
    private const double HighRate = 0.095;
    private const double Beta = 0.8;

    /// <summary>f(x, y) = (x² + 20y²) / 2.</summary>
    public static Surface Surface { get; } = new(
        (x, y) => ((x * x) + (20 * y * y)) / 2, (x, y) => (x, 20 * y), [0.1, 0.5, 1.5, 3, 5, 8, 12, 17])
    {
        Start = new ChartPoint(-4.5, 1),
        Minimum = new ChartPoint(0, 0),
        XRange = new ChartRange(-5, 1.5),
        YRange = new ChartRange(-1.3, 1.3),
    };

    public static ChartGrid Draw()
    {
        (string Name, ChartPoint[] Path)[] paths =
        [
            (FormattableString.Invariant($"Sgd, rate {LowRate}"), Surface.PathOf(new Sgd(2, new SgdOptions { LearningRate = LowRate }), Steps)),
            (FormattableString.Invariant($"Sgd, rate {HighRate}"), Surface.PathOf(new Sgd(2, new SgdOptions { LearningRate = HighRate }), Steps)),
            (
                FormattableString.Invariant($"Momentum, rate {LowRate}, μ = {Beta}"),
                Surface.PathOf(new Momentum(2, new MomentumOptions { LearningRate = LowRate, Momentum = Beta }), Steps)),
        ];
        var losses = new LineChart([.. paths.Select(path => new ChartLine(path.Name, Surface.HeightsOf(path.Path)))])
        {
            Title = "The value of f",
            XLabel = "step",
            YLabel = "f, log scale",
            LogarithmicY = true,
        };
        return new ChartGrid(
        [
            .. paths.Select(path => Sized(Surface.ChartOf(path.Name, dotInterval: 1, path))),
            Sized(losses),
        ])
        {
            Title = "Gradient descent and momentum in a ravine",
            Subtitle = FormattableString.Invariant($"f(x, y) = (x² + 20y²) / 2. {Steps} steps, a dot at each step. Grey: lines of equal height."),
        };
    }

    private static LineChart Sized(LineChart chart) => chart with { PlotWidth = 400, PlotHeight = 190 };
}
