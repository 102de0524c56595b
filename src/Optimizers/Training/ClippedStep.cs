namespace Optimizers.Training;

/// <summary>The results of a clip for one step.</summary>
internal readonly record struct ClippedStep
{
    /// <summary>The step, with the norm that the factors were computed from.</summary>
    public ClipStep Step { get; init; }

    /// <summary>The factor of all gradients, including the inverse of the loss scale.</summary>
    public float Scale { get; init; }

    /// <summary>The largest magnitude that an element may have.</summary>
    public float Limit { get; init; }

    /// <summary>The factor for the report: the factor of all gradients times the smallest factor of a tensor.</summary>
    public double Factor { get; init; }

    /// <summary>An upper bound of the magnitudes of the clipped gradients.</summary>
    public double LargestGradient { get; init; }

    /// <summary>A gradient that is not finite after rewriting; null if there is none.</summary>
    public Overflow? Overflow { get; init; }
}
