namespace Optimizers.Diagnostics;

/// <summary>One short run of a <see cref="RateSweep"/>.</summary>
/// <param name="Rate">The rate of the run.</param>
/// <param name="FirstLoss">The loss of the first step of the run.</param>
/// <param name="FinalLoss">The running average of the losses at the end of the run.</param>
/// <param name="Steps">The number of steps of the run.</param>
/// <param name="Diverged">Whether the run ended early because the loss diverged.</param>
public readonly record struct RateRun(double Rate, double FirstLoss, double FinalLoss, int Steps, bool Diverged);
