using System.Globalization;
using Optimizers;
using Optimizers.Charts;

namespace DrawGuide;

/// <summary>Adam's two averages for a constant gradient of 1, with and without bias correction, and the lengths of the steps.</summary>
internal static class BiasCorrection
{
    private const int Steps = 10_000;

    public static ChartGrid Draw()
    {
        var options = new AdamOptions();
        var adam = new Adam(1, options);
        var first = new double[Steps];
        var second = new double[Steps];
        var length = new double[Steps];
        for (int i = 0; i < Steps; i++)
        {
            float[] weight = [0];
            adam.Step(weight, [1]);
            (first[i], second[i], length[i]) =
                (adam.State["exp_avg"][0], adam.State["exp_avg_sq"][0], -weight[0] / options.LearningRate);
        }

        double FirstCorrection(int step) => 1 - Math.Pow(options.Beta1, step);
        double SecondCorrection(int step) => 1 - Math.Pow(options.Beta2, step);
        return new ChartGrid(
        [
            Moments("First moment m, β₁ = 0.9", first, FirstCorrection),
            Moments("Second moment v, β₂ = 0.999", second, SecondCorrection),
            Sized(new LineChart(
            [
                Line("both corrected (Adam)", step => length[step - 1]),
                Line("neither corrected", step => first[step - 1] / Math.Sqrt(second[step - 1])),
                Line("only m corrected", step => first[step - 1] / FirstCorrection(step) / Math.Sqrt(second[step - 1])),
            ])
            {
                Title = "Length of the steps",
                XLabel = "step, log scale",
                YLabel = "step length / rate, log scale",
                LogarithmicX = true,
                LogarithmicY = true,
                YRange = new ChartRange(0.5, 100),
                Marks = [MarkOf(first[0] / Math.Sqrt(second[0])), MarkOf(first[0] / FirstCorrection(1) / Math.Sqrt(second[0]))],
            }),
        ])
        {
            Title = "Bias correction in Adam",
            Subtitle = "One weight with a constant gradient of 1: the true averages of gradient and squared gradient are 1.",
            Columns = 3,
        };
    }

    private static LineChart Moments(string title, double[] raw, Func<int, double> correction) => Sized(new LineChart(
    [
        Line("corrected", step => raw[step - 1] / correction(step)),
        Line("raw", step => raw[step - 1]),
    ])
    {
        Title = title,
        XLabel = "step, log scale",
        YLabel = "average",
        LogarithmicX = true,
        YRange = new ChartRange(0, 1.2),
    });

    private static ChartMark MarkOf(double firstStep) =>
        new(string.Create(CultureInfo.InvariantCulture, $"first step: {firstStep:0.0}"), new ChartPoint(1, firstStep));

    private static ChartLine Line(string name, Func<int, double> value) =>
        new(name, [.. LogarithmicSteps.UpTo(Steps).Select(step => new ChartPoint(step, value(step)))]);

    private static LineChart Sized(LineChart chart) => chart with { PlotWidth = 250, PlotHeight = 220 };
}
