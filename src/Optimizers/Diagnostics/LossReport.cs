namespace Optimizers.Diagnostics;

/// <summary>What a <see cref="DivergenceWatch"/> says about a loss.</summary>
/// <param name="Trend">Where it is going.</param>
/// <param name="Level">The median of the recent losses; NaN before a window is full.</param>
/// <param name="BestLevel">The median of the best window so far; NaN before a window is full.</param>
/// <param name="Advice">What that means for the rate, in a sentence.</param>
public readonly record struct LossReport(LossTrend Trend, double Level, double BestLevel, string Advice);
