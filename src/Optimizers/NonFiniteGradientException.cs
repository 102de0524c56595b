namespace Optimizers;

/// <summary>
/// A gradient was NaN or infinite, or so large that a step with it would have made a parameter or its state so. Parameters,
/// state, counters and schedules are as they were.
/// </summary>
public sealed class NonFiniteGradientException : ArithmeticException
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public NonFiniteGradientException()
    {
    }

    /// <summary>Makes an exception.</summary>
    public NonFiniteGradientException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with a cause.</summary>
    public NonFiniteGradientException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <param name="parameterName">The name of the parameter; null: there is but one buffer.</param>
    /// <param name="index">The element.</param>
    /// <param name="value">Its gradient, as it was given.</param>
    /// <param name="skips">The number of steps in a row that were skipped before.</param>
    /// <param name="overflowing">What a finite gradient would make infinite or NaN; null: the gradient is not finite.</param>
    /// <param name="parameterValue">The value of the parameter there.</param>
    internal NonFiniteGradientException(
        string? parameterName, int index, float value, int skips = 0, string? overflowing = null, float parameterValue = 0)
        : base(Describe(parameterName, index, value, skips, overflowing, parameterValue))
    {
        ParameterName = parameterName ?? "";
        Index = index;
        Value = value;
    }

    /// <summary>
    /// The name of the parameter with such a gradient: the first, or, where all gradients are finite, that with the largest of
    /// them that is concerned. Empty for an <see cref="Optimizer"/>, which has one buffer without a name.
    /// </summary>
    public string ParameterName { get; } = "";

    /// <summary>The index of the element in its parameter, in row-major order.</summary>
    public int Index { get; }

    /// <summary>The gradient of the element, as it was given: before a loss scale, a clip or a weight decay.</summary>
    public float Value { get; } = float.NaN;

    private static string Describe(
        string? parameterName, int index, float value, int skips, string? overflowing, float parameterValue)
    {
        string after = skips == 0 ? "" : $", after {skips} skipped steps in a row";
        string gradient = string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"The gradient{(parameterName is null ? "" : $" of \"{parameterName}\"")} is {value} at index {index}{after}");
        return overflowing is null
            ? $"{gradient}."
            : string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{gradient}. It is finite, but with it the step would make {overflowing} infinite or NaN; the value of the parameter there is {parameterValue}. Clip the gradients, scale the loss down, or look for what makes them so large.");
    }
}
