using Optimizers;
using Optimizers.Schedules;

namespace AdamByHand;

/// <summary>Minimizes f(w) = w² with an optimizer of the library: one parameter, starting at w = 5, with the rate 0.01.</summary>
internal static class Descent
{
    public const double Start = 5;
    public const double LearningRate = 0.01;
    public const int Steps = 8;

    /// <summary>Runs all steps.</summary>
    /// <param name="optimizer">An optimizer of one parameter.</param>
    /// <param name="onStep">Called with w after each step.</param>
    /// <returns>The value of w after the last step.</returns>
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
