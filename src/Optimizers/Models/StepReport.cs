namespace Optimizers;

/// <summary>What a step of a <see cref="ModelOptimizer"/> did.</summary>
public readonly record struct StepReport
{
    /// <summary>What became of the step.</summary>
    public StepOutcome Outcome { get; init; }

    /// <summary>Whether anything was updated. If not, the index of the next update is the same as of this one.</summary>
    public bool Applied => Outcome == StepOutcome.Applied;

    /// <summary>The index of the update, counted from 0, that schedules were asked for.</summary>
    public long Update { get; init; }

    /// <summary>The rate of the first group that is not frozen; NaN if all are.</summary>
    public double LearningRate { get; init; }

    /// <summary>
    /// The norm of the unscaled gradients before clipping: the Euclidean one, unless the clip uses another. NaN if nothing
    /// asked for it: without clipping and with <see cref="NonFinitePolicy.Propagate"/>.
    /// </summary>
    public double GradientNorm { get; init; }

    /// <summary>
    /// What the gradients were multiplied by to clip them; 1 if they were not. The smallest of all tensors' where each has its
    /// own.
    /// </summary>
    public double ClipFactor { get; init; }

    /// <summary>
    /// What the loss was multiplied by: the loss scale of the step, times the scale of the <see cref="LossScaler"/> if there is
    /// one. The number of micro-batches is not in it.
    /// </summary>
    public double LossScale { get; init; }

    /// <summary>
    /// The largest ‖Δp‖/‖p‖ of all parameters that were not all zero; about 1e-3 is usual, and far from it the rate deserves a
    /// look. NaN unless <see cref="ModelOptimizerOptions.MeasureUpdates"/> asks for it.
    /// </summary>
    public double LargestUpdateRatio { get; init; }

    /// <summary>The number of parameters that were updated.</summary>
    public int Updated { get; init; }

    /// <summary>The number of parameters that said they had no gradient.</summary>
    public int WithoutGradient { get; init; }

    /// <summary>The number of parameters in frozen groups.</summary>
    public int Frozen { get; init; }

    /// <summary>The number of steps up to this one, in a row, that were skipped for gradients that were not finite.</summary>
    public int ConsecutiveSkips { get; init; }

    /// <summary>The number of all steps so far that were skipped for gradients that were not finite.</summary>
    public long Skips { get; init; }

    /// <summary>The report of a call after which every parameter is as it was.</summary>
    internal static StepReport WithoutUpdate(StepOutcome outcome, long update, double lossScale) => new()
    {
        Outcome = outcome,
        Update = update,
        LearningRate = double.NaN,
        GradientNorm = double.NaN,
        ClipFactor = 1,
        LossScale = lossScale,
        LargestUpdateRatio = double.NaN,
    };

    /// <summary>The outcome, the update, and what was measured in it.</summary>
    public override string ToString() =>
        $"{Outcome}: update {TextTable.Number(Update)}, rate {TextTable.Number(LearningRate)}"
        + (double.IsNaN(GradientNorm) ? string.Empty : $", gradient norm {TextTable.Number(GradientNorm)}")
        + (ClipFactor == 1 ? string.Empty : $", clipped by {TextTable.Number(ClipFactor)}")
        + (LossScale == 1 ? string.Empty : $", loss scale {TextTable.Number(LossScale)}")
        + (double.IsNaN(LargestUpdateRatio) ? string.Empty : $", update ratio {TextTable.Number(LargestUpdateRatio)}")
        + $"; {TextTable.Count(Updated, "parameter")} updated"
        + (WithoutGradient == 0 ? string.Empty : $", {TextTable.Number(WithoutGradient)} without gradient")
        + (Frozen == 0 ? string.Empty : $", {TextTable.Number(Frozen)} frozen")
        + (Skips == 0 ? string.Empty : $"; {TextTable.Count(Skips, "step")} skipped so far, {TextTable.Number(ConsecutiveSkips)} in a row");
}
