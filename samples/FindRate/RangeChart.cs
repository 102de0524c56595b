using Digits;
using Optimizers;
using Optimizers.Charts;
using Optimizers.Diagnostics;

namespace FindRate;

/// <summary>The picture of a range test on the digits.</summary>
internal static class RangeChart
{
    public static LineChart Of(Recipe recipe, RateReport report) => report.ToChart() with
    {
        Title = $"Learning-rate range test of {recipe.Name} on handwritten digits",
        YLabel = "mean cross-entropy in nats",
    };
}
