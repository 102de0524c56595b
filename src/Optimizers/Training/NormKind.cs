namespace Optimizers.Training;

/// <summary>The kind of norm.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NormKind>))]
public enum NormKind
{
    /// <summary>The square root of the sum of the squares.</summary>
    Euclidean,

    /// <summary>The largest magnitude.</summary>
    Infinity,

    /// <summary>The p-th root of the sum of the p-th powers of the magnitudes. A separate option gives the order p. Slow.</summary>
    P,
}
