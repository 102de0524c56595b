namespace Optimizers;

/// <summary>A function of many variables along the line of a search.</summary>
internal interface ILine
{
    /// <summary>The magnitude of the largest element of the direction.</summary>
    double Reach { get; }

    /// <summary>Evaluates the function at a distance along the line.</summary>
    LinePoint At(double distance);

    /// <summary>Stores the gradient at the last evaluated point for the next iteration.</summary>
    void Keep();

    /// <summary>Stores the gradient at the start of the line for the next iteration.</summary>
    void KeepStart();
}

/// <summary>An evaluated point on a line.</summary>
/// <param name="Distance">The distance along the line.</param>
/// <param name="Loss">The value at the point; +∞ if the value or its gradient is not finite.</param>
/// <param name="Slope">The derivative along the line.</param>
internal readonly record struct LinePoint(double Distance, double Loss, double Slope)
{
    public bool IsFinite => double.IsFinite(Loss);
}
