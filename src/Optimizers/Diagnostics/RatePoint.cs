namespace Optimizers.Diagnostics;

/// <summary>One step of a <see cref="RateFinder"/>.</summary>
/// <param name="Rate">The rate of the step.</param>
/// <param name="Loss">The loss before the step. For the last step NaN, if its gradients were refused.</param>
/// <param name="AveragedLoss">The running average of the losses up to this step.</param>
/// <param name="AveragedRate">The rate that this average belongs to: the geometric mean of the rates up to this step, with the same
/// weights.</param>
public readonly record struct RatePoint(double Rate, double Loss, double AveragedLoss, double AveragedRate);
