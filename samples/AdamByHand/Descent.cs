using Optimizers;
using Optimizers.Schedules;

namespace AdamByHand;

/// <summary>The library's optimizers on f(w) = w², one parameter, from w = 5 at a rate of 0.01.</summary>
internal static class Descent
{
    public const double Start = 5;
    public const double LearningRate = 0.01;
    public const int Steps = 8;

    /// <summary>Takes the steps.</summary>
    /// <param name="optimizer">An optimizer of one parameter.</param>
    /// <param name="onStep">Is told w after each step.</param>
    /// <returns>The last w.</returns>
    public static float Run(IOptimizer optimizer, Action<float>? onStep = null)
    {
        float[] w = [(float)Start];
        float[] gradient = new float[1];
        for (int t = 1; t <= Steps; t++)
        {
            gradient[0] = 2 * w[0];
            optimizer.Step(w, gradient);
            onStep?.Invoke(w[0]);
        }

        return w[0];
    }
}
