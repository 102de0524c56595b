namespace Optimizers;

/// <summary>The way to choose the step size along a direction.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LineSearch>))]
public enum LineSearch
{
    /// <summary>No search: the step size is the learning rate.</summary>
    None,

    /// <summary>
    /// Searches, with cubic interpolation, for a point that meets the strong Wolfe conditions with the constants 1e-4 and
    /// 0.9: the loss has fallen enough, and the slope is flat enough.
    /// </summary>
    StrongWolfe,
}
