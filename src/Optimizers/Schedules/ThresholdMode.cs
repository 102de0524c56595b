namespace Optimizers.Schedules;

/// <summary>What the threshold of a <see cref="ReduceOnPlateau"/> is measured by.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ThresholdMode>))]
public enum ThresholdMode
{
    /// <summary>By the absolute value of the best metric so far.</summary>
    Relative,

    /// <summary>By itself.</summary>
    Absolute,
}
