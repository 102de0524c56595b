namespace Optimizers.Diagnostics;

/// <summary>The report of a <see cref="DivergenceWatch"/> on the losses so far.</summary>
/// <param name="Trend">The trend of the loss.</param>
/// <param name="Level">The median of the recent losses; NaN before a window is full.</param>
/// <param name="BestLevel">The median of the best window so far; NaN before a window is full.</param>
/// <param name="Advice">Advice on the learning rate, in a sentence.</param>
public readonly record struct LossReport(LossTrend Trend, double Level, double BestLevel, string Advice);
