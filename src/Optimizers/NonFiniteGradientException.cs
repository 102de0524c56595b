namespace Optimizers;

/// <summary>
/// A gradient was NaN or infinite, or so large that the step would have made a parameter or its state NaN or infinite.
/// Parameters, state, counters and schedules are unchanged.
/// </summary>
public sealed class NonFiniteGradientException : ArithmeticException
{
    /// <summary>Creates an exception with the default message.</summary>
    public NonFiniteGradientException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    public NonFiniteGradientException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and the exception that caused it.</summary>
    public NonFiniteGradientException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <param name="parameterName">The name of the parameter; null if there is only one buffer.</param>
    /// <param name="index">The index of the element.</param>
    /// <param name="value">The gradient of the element, as the caller gave it.</param>
    /// <param name="skips">The number of consecutive steps that were skipped before this one.</param>
    /// <param name="overflowing">The state slot, the state scalar or the parameter that the step would make infinite or NaN; null if the
    /// gradient itself is not finite.</param>
    /// <param name="parameterValue">The value of the parameter at the index.</param>
    internal NonFiniteGradientException(
        string? parameterName, int index, float value, int skips = 0, string? overflowing = null, float parameterValue = 0)
        : base(Describe(parameterName, index, value, skips, overflowing, parameterValue))
    {
        ParameterName = parameterName ?? "";
        Index = index;
        Value = value;
    }

    /// <summary>
    /// The name of the parameter with the bad gradient: the first one with a NaN or infinite gradient. If all gradients are
    /// finite, it is the parameter whose gradient is the largest of those that would overflow. Empty for an
    /// <see cref="Optimizer"/>, which has one buffer without a name.
    /// </summary>
    public string ParameterName { get; } = "";

    /// <summary>The index of the element in its parameter, in row-major order.</summary>
    public int Index { get; }

    /// <summary>The gradient of the element, as the caller gave it: before loss scale, clipping and weight decay.</summary>
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
                $"{gradient}. It is finite, but with it the step would make {overflowing} infinite or NaN. The value of the parameter at this index is {parameterValue}. Clip the gradients, scale the loss down, or look for what makes them so large.");
    }
}
