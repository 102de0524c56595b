namespace Optimizers.Training;

/// <summary>The answers of a clip for one step.</summary>
internal readonly record struct ClippedStep
{
    /// <summary>The step, with the norm that the factors were computed from.</summary>
    public ClipStep Step { get; init; }

    /// <summary>What all gradients are multiplied by, the inverse of the loss scale included.</summary>
    public float Scale { get; init; }

    /// <summary>The largest magnitude that an element may have.</summary>
    public float Limit { get; init; }

    /// <summary>The factor for the report: of all gradients, times the smallest of the tensors.</summary>
    public double Factor { get; init; }

    /// <summary>A bound of the magnitudes of the clipped gradients.</summary>
    public double LargestGradient { get; init; }

    /// <summary>A gradient that is not finite after it was rewritten; null: there is none.</summary>
    public Overflow? Overflow { get; init; }
}
