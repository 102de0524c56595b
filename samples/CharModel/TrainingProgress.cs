using System.Globalization;
using Optimizers;

namespace CharModel;

/// <summary>Where a run stands after an update.</summary>
/// <param name="Report">What the update did.</param>
/// <param name="Loss">The training loss, smoothed.</param>
/// <param name="TokensPerSecond">The speed of training, a token being a character.</param>
/// <param name="ValidationLoss">The loss on a part of the validation text; null between two measurements.</param>
internal sealed record TrainingProgress(StepReport Report, double Loss, double TokensPerSecond, double? ValidationLoss)
{
    /// <summary>The number of updates.</summary>
    public long Step => Report.Update + 1;

    /// <summary>Everything but the step, within what is left of 80 columns.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"loss {Loss:F3}{(ValidationLoss is { } loss ? $"  validation {loss:F3}" : "")}  rate {Report.LearningRate:0.0e-0}  "
        + $"norm {Report.GradientNorm:F2}  {TokensPerSecond:N0} tokens/s");
}
