using System.Globalization;
using Optimizers;

namespace CharModel;

/// <summary>The progress of a run after an update.</summary>
/// <param name="Report">The report of the update.</param>
/// <param name="Loss">The training loss, smoothed.</param>
/// <param name="TokensPerSecond">The training speed. A token is a character.</param>
/// <param name="ValidationLoss">The loss on a part of the validation text. Null between two measurements.</param>
internal sealed record TrainingProgress(StepReport Report, double Loss, double TokensPerSecond, double? ValidationLoss)
{
    /// <summary>The number of updates.</summary>
    public long Step => Report.Update + 1;

    /// <summary>Returns all values except the step. With the step, the line fits into 80 columns.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"loss {Loss:F3}{(ValidationLoss is { } loss ? $"  validation {loss:F3}" : "")}  rate {Report.LearningRate:0.0e-0}  "
        + $"norm {Report.GradientNorm:F2}  {TokensPerSecond:N0} tokens/s");
}
