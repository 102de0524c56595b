namespace Optimizers.Tests;

/// <summary>Expected reports.</summary>
internal static class Reports
{
    /// <summary>The report of the first step, without a loss scale.</summary>
    public static StepReport Of(
        StepOutcome outcome, double rate, double norm, double clipFactor, int updated, int withoutGradient, int frozen) => new()
        {
            Outcome = outcome,
            LearningRate = rate,
            GradientNorm = norm,
            ClipFactor = clipFactor,
            LossScale = 1,
            LargestUpdateRatio = double.NaN,
            Updated = updated,
            WithoutGradient = withoutGradient,
            Frozen = frozen,
        };
}
