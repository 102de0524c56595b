namespace Optimizers;

/// <summary>A function to minimise. It returns its value at a point, and writes its gradient at this point.</summary>
/// <param name="point">The point. Its elements are always finite.</param>
/// <param name="gradient">Receives the derivative with respect to each element of the point; zero before the call.</param>
/// <returns>The value; NaN or an infinity if the function has no value there.</returns>
/// <typeparam name="T">The elements: float or double.</typeparam>
public delegate double Objective<T>(ReadOnlySpan<T> point, Span<T> gradient)
    where T : unmanaged;
