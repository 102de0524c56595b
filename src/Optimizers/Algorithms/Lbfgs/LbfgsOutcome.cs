namespace Optimizers;

/// <summary>The reason why a step of <see cref="Lbfgs"/> ended.</summary>
public enum LbfgsOutcome
{
    /// <summary>No element of the gradient is larger than <see cref="LbfgsOptions.GradientTolerance"/>.</summary>
    GradientTolerance,

    /// <summary>An iteration moved the parameters, or changed the loss, by no more than <see cref="LbfgsOptions.ChangeTolerance"/>.</summary>
    ChangeTolerance,

    /// <summary>The loss rises along the search direction, or falls along it with a slope below <see cref="LbfgsOptions.ChangeTolerance"/>.</summary>
    SlopeTolerance,

    /// <summary>The line search used all its evaluations, and found no better point than its start.</summary>
    NoBetterPoint,

    /// <summary>The step has done <see cref="LbfgsOptions.MaximumIterations"/> iterations.</summary>
    MaximumIterations,

    /// <summary>The step has done <see cref="LbfgsOptions.MaximumEvaluations"/> evaluations.</summary>
    MaximumEvaluations,

    /// <summary>The loss or a gradient was NaN or infinite. The parameters are at the last point where both were finite.</summary>
    NotFinite,
}
