namespace Optimizers.Diagnostics;

/// <summary>The spacing of the rates of a <see cref="RateFinder"/> between the lowest and the highest.</summary>
public enum RateSpacing
{
    /// <summary>Each rate is the previous rate multiplied by the same factor.</summary>
    Exponential,

    /// <summary>Each rate is the previous rate plus the same amount.</summary>
    Linear,
}
