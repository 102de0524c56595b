namespace Optimizers;

/// <summary>A function of many variables along a line, as a search for a step size sees it.</summary>
internal interface ILine
{
    /// <summary>The size of the largest element of the direction.</summary>
    double Reach { get; }

    /// <summary>Evaluates the function some way along the line.</summary>
    LinePoint At(double distance);

    /// <summary>Has the gradient of the point that was evaluated last kept for whoever goes on from there.</summary>
    void Keep();

    /// <summary>Has the gradient of the beginning kept.</summary>
    void KeepStart();
}

/// <summary>What is known of a point on a line.</summary>
/// <param name="Distance">How far along the line.</param>
/// <param name="Loss">The value there; +∞ where it or its gradient is not finite.</param>
/// <param name="Slope">The derivative along the line.</param>
internal readonly record struct LinePoint(double Distance, double Loss, double Slope)
{
    public bool IsFinite => double.IsFinite(Loss);
}
