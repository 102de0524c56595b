namespace Optimizers;

/// <summary>The report of a step of a <see cref="ModelOptimizer"/>.</summary>
public readonly record struct StepReport
{
    /// <summary>The outcome of the step.</summary>
    public StepOutcome Outcome { get; init; }

    /// <summary>Whether parameters were updated. If not, the next step has the same update index.</summary>
    public bool Applied => Outcome == StepOutcome.Applied;

    /// <summary>The index of the update, counted from 0, that was passed to schedules.</summary>
    public long Update { get; init; }

    /// <summary>The rate of the first group that is not frozen; NaN if all groups are frozen.</summary>
    public double LearningRate { get; init; }

    /// <summary>
    /// The norm of the unscaled gradients before clipping: the Euclidean norm, unless the clip uses another one. NaN if the
    /// step did not compute it, which is so without clipping and with <see cref="NonFinitePolicy.Propagate"/>.
    /// </summary>
    public double GradientNorm { get; init; }

    /// <summary>
    /// The factor by which clipping multiplied the gradients; 1 if there was no clipping. If each tensor has its own factor,
    /// the smallest of them.
    /// </summary>
    public double ClipFactor { get; init; }

    /// <summary>
    /// The factor by which the loss was multiplied: the loss scale of the step times the scale of the
    /// <see cref="LossScaler"/>, if there is one. It does not include the number of micro-batches.
    /// </summary>
    public double LossScale { get; init; }

    /// <summary>
    /// The largest ‖Δp‖/‖p‖ of all parameters that were not all zero. About 1e-3 is usual; a value far from it is a reason to
    /// check the rate. NaN unless <see cref="ModelOptimizerOptions.MeasureUpdates"/> is set.
    /// </summary>
    public double LargestUpdateRatio { get; init; }

    /// <summary>The number of parameters that were updated.</summary>
    public int Updated { get; init; }

    /// <summary>The number of parameters without a gradient.</summary>
    public int WithoutGradient { get; init; }

    /// <summary>The number of parameters in frozen groups.</summary>
    public int Frozen { get; init; }

    /// <summary>The number of consecutive steps, up to this one, that were skipped because of their gradients.</summary>
    public int ConsecutiveSkips { get; init; }

    /// <summary>The total number of steps so far that were skipped because of their gradients.</summary>
    public long Skips { get; init; }

    /// <summary>Creates the report of a call that changed no parameter.</summary>
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

    /// <summary>Describes the outcome, the update and its measurements.</summary>
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
