namespace Optimizers.Schedules;

/// <summary>The direction in which a metric gets better.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlateauMode>))]
public enum PlateauMode
{
    /// <summary>Smaller is better, as for a loss.</summary>
    Min,

    /// <summary>Larger is better, as for an accuracy.</summary>
    Max,
}
