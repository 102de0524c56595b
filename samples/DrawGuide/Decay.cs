using System.Globalization;
using Optimizers;
using Optimizers.Charts;

namespace DrawGuide;

/// <summary>The weight decay of one weight: L2 in Adam against decoupled decay in AdamW, for a small and a large gradient whose mean is 0.</summary>
internal static class Decay
{
    private const int Steps = 2_000;
    private const double Rate = 0.01;
    private const double WeightDecay = 0.1;

    public static ChartGrid Draw() => new([ChartOf(0.1f), ChartOf(10)])
    {
        Title = "Weight decay: L2 in Adam, decoupled in AdamW",
        Subtitle = string.Create(
            CultureInfo.InvariantCulture,
            $"A weight that starts at 1, rate {Rate}, decay {WeightDecay}. The gradient alternates its sign, so its mean is 0."),
    };

    private static LineChart ChartOf(float gradient) => new(
    [
        LineOf("Adam with L2", new Adam(1, new AdamOptions { LearningRate = Rate, WeightDecay = WeightDecay }), gradient),
        LineOf("AdamW", new AdamW(1, new AdamWOptions { LearningRate = Rate, WeightDecay = WeightDecay }), gradient),
    ])
    {
        Title = string.Create(CultureInfo.InvariantCulture, $"Gradient ±{gradient}"),
        XLabel = "step",
        YLabel = "weight",
        YRange = new ChartRange(-0.1, 1.1),
        PlotWidth = 380,
        PlotHeight = 260,
    };

    private static ChartLine LineOf(string name, IOptimizer optimizer, float gradient)
    {
        float[] weight = [1];
        var points = new List<ChartPoint> { new(0, 1) };
        for (int step = 1; step <= Steps; step++)
        {
            optimizer.Step(weight, [step % 2 == 0 ? gradient : -gradient]);
            points.Add(new ChartPoint(step, weight[0]));
        }

        return new ChartLine(name, [.. points.Where(point => point.X % 10 == 0)]);
    }
}
