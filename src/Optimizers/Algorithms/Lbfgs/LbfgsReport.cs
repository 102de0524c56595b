namespace Optimizers;

/// <summary>The report of a step of <see cref="Lbfgs"/>.</summary>
public readonly record struct LbfgsReport
{
    /// <summary>The reason why the step ended.</summary>
    public LbfgsOutcome Outcome { get; init; }

    /// <summary>Whether the step ended because of a tolerance, not because of a limit.</summary>
    public bool Converged =>
        Outcome is LbfgsOutcome.GradientTolerance or LbfgsOutcome.ChangeTolerance or LbfgsOutcome.SlopeTolerance;

    /// <summary>The loss at the start of the step; +∞ if the loss or its gradient was not finite.</summary>
    public double FirstLoss { get; init; }

    /// <summary>
    /// The loss at the end of the step. If a step without a line search has done all its iterations, it does not evaluate
    /// the loss after the last move. The value is then the loss before this move.
    /// </summary>
    public double Loss { get; init; }

    /// <summary>The magnitude of the largest element of the gradient, at the same point as <see cref="Loss"/>.</summary>
    public double LargestGradient { get; init; }

    /// <summary>The number of iterations.</summary>
    public int Iterations { get; init; }

    /// <summary>The number of evaluations. A point that is not finite counts too, although the function is not called there.</summary>
    public int Evaluations { get; init; }
}
