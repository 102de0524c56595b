namespace Optimizers;

/// <summary>Why a step of <see cref="Lbfgs"/> ended.</summary>
public enum LbfgsOutcome
{
    /// <summary>No element of the gradient is larger than <see cref="LbfgsOptions.GradientTolerance"/>.</summary>
    GradientTolerance,

    /// <summary>An iteration moved the parameters, or changed the loss, by no more than <see cref="LbfgsOptions.ChangeTolerance"/>.</summary>
    ChangeTolerance,

    /// <summary>The loss falls along the direction by no more than <see cref="LbfgsOptions.ChangeTolerance"/>, or rises.</summary>
    SlopeTolerance,

    /// <summary>The line search found no better point than where it began, with as many trials as it had.</summary>
    NoBetterPoint,

    /// <summary>There have been <see cref="LbfgsOptions.MaximumIterations"/>.</summary>
    MaximumIterations,

    /// <summary>There have been <see cref="LbfgsOptions.MaximumEvaluations"/>.</summary>
    MaximumEvaluations,

    /// <summary>The loss or a gradient was NaN or infinite. The parameters are where they were good last.</summary>
    NotFinite,
}
