namespace Optimizers;

/// <summary>What a step of <see cref="Lbfgs"/> did.</summary>
public readonly record struct LbfgsReport
{
    /// <summary>Why it ended.</summary>
    public LbfgsOutcome Outcome { get; init; }

    /// <summary>Whether it ended for a tolerance and not for a limit.</summary>
    public bool Converged =>
        Outcome is LbfgsOutcome.GradientTolerance or LbfgsOutcome.ChangeTolerance or LbfgsOutcome.SlopeTolerance;

    /// <summary>The loss where the step began; +∞ if it or its gradient was not finite.</summary>
    public double FirstLoss { get; init; }

    /// <summary>
    /// The loss where the step ended; without a line search, and if the iterations were up, that before the last of them, which
    /// is not evaluated.
    /// </summary>
    public double Loss { get; init; }

    /// <summary>The magnitude of the gradient's largest element, where <see cref="Loss"/> is.</summary>
    public double LargestGradient { get; init; }

    /// <summary>The number of iterations.</summary>
    public int Iterations { get; init; }

    /// <summary>The number of times that the function was asked, or would have been at a point that was not finite.</summary>
    public int Evaluations { get; init; }
}
