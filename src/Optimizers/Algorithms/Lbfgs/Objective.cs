namespace Optimizers;

/// <summary>A function to be minimised: gives its value at a point, and writes its gradient there.</summary>
/// <param name="point">Where it is asked for. Always finite.</param>
/// <param name="gradient">Takes the derivative by each element of the point; zero before.</param>
/// <returns>The value. Where the function has none, NaN or an infinity.</returns>
/// <typeparam name="T">The elements: float or double.</typeparam>
public delegate double Objective<T>(ReadOnlySpan<T> point, Span<T> gradient)
    where T : unmanaged;
