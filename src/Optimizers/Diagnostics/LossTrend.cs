namespace Optimizers.Diagnostics;

/// <summary>The trend of a loss.</summary>
public enum LossTrend
{
    /// <summary>There are too few losses to judge the trend.</summary>
    TooEarly,

    /// <summary>The loss is falling.</summary>
    Falling,

    /// <summary>The loss neither falls nor rises.</summary>
    Flat,

    /// <summary>The loss is clearly above its best level.</summary>
    Rising,

    /// <summary>The loss is far above its start.</summary>
    Exploded,

    /// <summary>The loss is infinite or NaN.</summary>
    NotFinite,
}
