namespace Optimizers.Schedules;

/// <summary>What the threshold of a <see cref="ReduceOnPlateau"/> is measured by.</summary>
public enum ThresholdMode
{
    /// <summary>By the absolute value of the best metric so far.</summary>
    Relative,

    /// <summary>By itself.</summary>
    Absolute,
}
