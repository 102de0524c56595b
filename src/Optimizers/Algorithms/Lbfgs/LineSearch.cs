namespace Optimizers;

/// <summary>How far to go along a direction.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LineSearch>))]
public enum LineSearch
{
    /// <summary>As far as the rate says.</summary>
    None,

    /// <summary>
    /// To where the loss has fallen enough and the slope is flat enough: the strong Wolfe conditions with 1e-4 and 0.9, by
    /// cubic interpolation.
    /// </summary>
    StrongWolfe,
}
