using System.Globalization;
using Optimizers;
using Optimizers.Charts;

namespace DrawGuide;

/// <summary>The effective rates of AdaGrad and RMSprop for a constant gradient. It is the length of a step divided by the gradient.</summary>
internal static class EffectiveRates
{
    private const int Steps = 10_000;
    private const double Rate = 0.01;

    public static ChartGrid Draw() => new([ChartOf(1), ChartOf(0.01f)])
    {
        Title = "Effective rates under a constant gradient",
        Subtitle = string.Create(
            CultureInfo.InvariantCulture, $"The length of a step divided by the gradient, at a learning rate of {Rate}. RMSprop has ρ = 0.99."),
    };

    private static LineChart ChartOf(float gradient) => new(
    [
        LineOf("AdaGrad", new AdaGrad(1, new AdaGradOptions { LearningRate = Rate }), gradient),
        LineOf("RMSprop", new RmsProp(1, new RmsPropOptions { LearningRate = Rate }), gradient),
        LineOf("Sgd", new Sgd(1, new SgdOptions { LearningRate = Rate }), gradient),
    ])
    {
        Title = string.Create(CultureInfo.InvariantCulture, $"Gradient {gradient}"),
        XLabel = "step, log scale",
        YLabel = "effective rate, log scale",
        LogarithmicX = true,
        LogarithmicY = true,
        YRange = new ChartRange(5e-5, 20),
        PlotWidth = 380,
        PlotHeight = 280,
    };

    private static ChartLine LineOf(string name, IOptimizer optimizer, float gradient)
    {
        // The weight returns to 0 before each step, because a difference of large floats would lose digits.
        var rates = new double[Steps];
        for (int i = 0; i < Steps; i++)
        {
            float[] weight = [0];
            optimizer.Step(weight, [gradient]);
            rates[i] = -(double)weight[0] / gradient;
        }

        return new ChartLine(name, [.. LogarithmicSteps.UpTo(Steps).Select(step => new ChartPoint(step, rates[step - 1]))]);
    }
}
