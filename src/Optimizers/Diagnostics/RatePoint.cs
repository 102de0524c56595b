namespace Optimizers.Diagnostics;

/// <summary>A step of a <see cref="RateFinder"/>.</summary>
/// <param name="Rate">The rate of the step.</param>
/// <param name="Loss">The loss before the step; of the last one NaN, if its gradients were refused.</param>
/// <param name="AveragedLoss">The running average of the losses up to here.</param>
/// <param name="AveragedRate">The rate that this average belongs to: the geometric mean of the rates up to here, with the same
/// weights.</param>
public readonly record struct RatePoint(double Rate, double Loss, double AveragedLoss, double AveragedRate);
