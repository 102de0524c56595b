namespace Optimizers.Schedules;

/// <summary>The unit of the threshold of a <see cref="ReduceOnPlateau"/>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ThresholdMode>))]
public enum ThresholdMode
{
    /// <summary>Relative to the absolute value of the best metric so far.</summary>
    Relative,

    /// <summary>In the unit of the metric itself.</summary>
    Absolute,
}
