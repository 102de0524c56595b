namespace Optimizers.Diagnostics;

/// <summary>One short run of a <see cref="RateSweep"/>.</summary>
/// <param name="Rate">The rate of the run.</param>
/// <param name="FirstLoss">The loss of its first step.</param>
/// <param name="FinalLoss">The running average of its losses at the end.</param>
/// <param name="Steps">The number of steps that it took.</param>
/// <param name="Diverged">Whether it ended early because the loss diverged.</param>
public readonly record struct RateRun(double Rate, double FirstLoss, double FinalLoss, int Steps, bool Diverged);
