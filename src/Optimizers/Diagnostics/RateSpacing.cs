namespace Optimizers.Diagnostics;

/// <summary>How the rates of a <see cref="RateFinder"/> lie between the lowest and the highest.</summary>
public enum RateSpacing
{
    /// <summary>Each is the same multiple of the one before.</summary>
    Exponential,

    /// <summary>Each is the same amount above the one before.</summary>
    Linear,
}
