namespace Optimizers;

/// <summary>What a step of a <see cref="ModelOptimizer"/> did.</summary>
/// <param name="Update">The index of the update, counted from 0, that schedules were asked for.</param>
/// <param name="Applied">Whether anything was updated; false if every parameter was frozen or had no gradient, and then
/// the index of the next update is the same.</param>
/// <param name="LearningRate">The rate of the first group that is not frozen; NaN if all are.</param>
/// <param name="GradientNorm">The norm of the unscaled gradients before clipping; NaN without clipping.</param>
/// <param name="ClipFactor">What the gradients were multiplied by to clip them; 1 if they were not.</param>
/// <param name="Updated">The number of parameters that were updated.</param>
/// <param name="WithoutGradient">The number of parameters that said they had no gradient.</param>
/// <param name="Frozen">The number of parameters in frozen groups.</param>
public readonly record struct StepReport(
    long Update,
    bool Applied,
    double LearningRate,
    double GradientNorm,
    double ClipFactor,
    int Updated,
    int WithoutGradient,
    int Frozen);
