namespace Optimizers.Training;

/// <summary>Other ways to use an average of the weights.</summary>
public static class WeightAverageExtensions
{
    /// <summary>Takes note of a step, if it was applied: a step that was skipped does not count.</summary>
    /// <param name="average">The average.</param>
    /// <param name="report">What the step returned.</param>
    /// <inheritdoc cref="IWeightAverage.Update" path="/exception"/>
    public static void Update(this IWeightAverage average, StepReport report)
    {
        ArgumentNullException.ThrowIfNull(average);
        if (report.Applied)
        {
            average.Update();
        }
    }
}
