namespace Optimizers.Diagnostics;

/// <summary>Where a loss is going.</summary>
public enum LossTrend
{
    /// <summary>There are too few losses to say.</summary>
    TooEarly,

    /// <summary>It is falling.</summary>
    Falling,

    /// <summary>It neither falls nor rises.</summary>
    Flat,

    /// <summary>It is clearly above its best.</summary>
    Rising,

    /// <summary>It is far above its beginning.</summary>
    Exploded,

    /// <summary>It is infinite or NaN.</summary>
    NotFinite,
}
