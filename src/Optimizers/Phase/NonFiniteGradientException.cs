namespace Optimizers;

/// <summary>A gradient was NaN or infinite. Parameters, state, counters and schedules are as they were.</summary>
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

    internal NonFiniteGradientException(string parameterName, int index, float value, int skips)
        : base(string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"The gradient of \"{parameterName}\" is {value} at index {index}{(skips == 0 ? "" : $", after {skips} skipped steps in a row")}."))
    {
        ParameterName = parameterName;
        Index = index;
        Value = value;
    }

    /// <summary>The name of the first parameter with such a gradient.</summary>
    public string ParameterName { get; } = "";

    /// <summary>The index of the first such element, in row-major order.</summary>
    public int Index { get; }

    /// <summary>The element.</summary>
    public float Value { get; } = float.NaN;
}
