namespace Optimizers.Training;

/// <summary>How the length of a vector is measured.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NormKind>))]
public enum NormKind
{
    /// <summary>The root of the sum of the squares.</summary>
    Euclidean,

    /// <summary>The largest magnitude.</summary>
    Infinity,

    /// <summary>The p-th root of the sum of the p-th powers of the magnitudes; the order p is given beside. Slow.</summary>
    P,
}
