namespace Optimizers;

/// <summary>
/// Checks of arguments. The framework's own helpers compare, so some of them let a NaN through; these do not.
/// </summary>
internal static class Require
{
    /// <summary>At least 0, and finite also as a float, which is what a rule makes of it.</summary>
    public static void NonNegative(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value >= 0) || !float.IsFinite((float)value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be finite and at least 0.");
        }
    }

    /// <summary>Above 0, and finite also as a float.</summary>
    public static void Positive(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value > 0) || !float.IsFinite((float)value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be finite and above 0.");
        }
    }

    /// <summary>A weight that an average gives to its past: in [0, 1), also once it is rounded to float.</summary>
    public static void Beta(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value >= 0 && (float)value < 1))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least 0 and less than 1 as a float.");
        }
    }

    /// <summary>At least <paramref name="minimum"/>.</summary>
    public static void AtLeast(
        long value, long minimum, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value < minimum)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {minimum}.");
        }
    }

    /// <summary>More than <paramref name="limit"/>.</summary>
    public static void Above(long value, long limit, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value <= limit)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be above {limit}.");
        }
    }

    /// <summary>A factor whose inverse a rule can use: above 0, with an inverse that is a normal float.</summary>
    public static void Scale(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value > 0) || !float.IsNormal((float)(1 / value)))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be above 0, with an inverse that is a normal float.");
        }
    }

    /// <summary>One of the names of an enumeration.</summary>
    public static void Defined<T>(T value, [CallerArgumentExpression(nameof(value))] string? name = null)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is no {typeof(T).Name}.");
        }
    }
}
