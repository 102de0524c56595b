namespace Optimizers.Schedules;

/// <summary>Which way a metric is to go.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlateauMode>))]
public enum PlateauMode
{
    /// <summary>Down, as a loss.</summary>
    Min,

    /// <summary>Up, as an accuracy.</summary>
    Max,
}
