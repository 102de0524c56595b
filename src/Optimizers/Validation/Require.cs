using System.Numerics;

namespace Optimizers;

/// <summary>
/// Checks of arguments. Some of the framework's own helpers accept NaN, because they only compare; these do not.
/// </summary>
internal static class Require
{
    /// <summary>At least 0, and finite also after rounding to float, which is the type that rules use.</summary>
    public static void NonNegative(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value >= 0) || !float.IsFinite((float)value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be finite and at least 0.");
        }
    }

    /// <summary>Above 0 and finite, also after rounding to float.</summary>
    public static void Positive(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!((float)value > 0) || !float.IsFinite((float)value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be finite and above 0, also after rounding to float.");
        }
    }

    /// <summary>
    /// A bound on gradients: finite and above 0, also after rounding to float. With a bound of 0 all gradients would be 0, while the state
    /// of the optimizer would still change.
    /// </summary>
    public static void Bound(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!((float)value > 0) || !float.IsFinite((float)value))
        {
            throw new ArgumentOutOfRangeException(
                name, value, $"{name} must be finite and above 0, also after rounding to float: 0 would make every gradient 0. If you do not want to clip, use no clip.");
        }
    }

    /// <summary>Finite, also after rounding to float.</summary>
    public static void Finite(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!float.IsFinite((float)value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be finite.");
        }
    }

    /// <summary>In [<paramref name="minimum"/>, <paramref name="maximum"/>].</summary>
    public static void Between(
        double value, double minimum, double maximum, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value >= minimum && value <= maximum))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be from {minimum} to {maximum}.");
        }
    }

    /// <summary>One of the named values of the enumeration.</summary>
    public static void Defined<T>(T value, [CallerArgumentExpression(nameof(value))] string? name = null)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be one of {string.Join(", ", Enum.GetNames<T>())}.");
        }
    }

    /// <summary>The weight of the past in an average: in [0, 1), also after rounding to float.</summary>
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

    /// <summary>At least <paramref name="minimum"/>, and finite also after rounding to float.</summary>
    public static void AtLeast(
        double value, double minimum, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value >= minimum) || !float.IsFinite((float)value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be finite and at least {minimum}.");
        }
    }

    /// <summary>At most <paramref name="maximum"/>.</summary>
    public static void AtMost(
        long value, long maximum, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value > maximum)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be at most {maximum}.");
        }
    }

    /// <summary>More than <paramref name="limit"/>.</summary>
    public static void Above(double value, double limit, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value > limit))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be above {limit}.");
        }
    }

    /// <summary>Above another argument.</summary>
    public static void AboveOther<T>(
        T value,
        T other,
        [CallerArgumentExpression(nameof(value))] string? name = null,
        [CallerArgumentExpression(nameof(other))] string? otherName = null)
        where T : struct, INumber<T>
    {
        if (!(value > other))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}, but must be above {otherName}, which is {other}.");
        }
    }

    /// <summary>At least another argument.</summary>
    public static void AtLeastOther<T>(
        T value,
        T other,
        [CallerArgumentExpression(nameof(value))] string? name = null,
        [CallerArgumentExpression(nameof(other))] string? otherName = null)
        where T : struct, INumber<T>
    {
        if (!(value >= other))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}, but must be at least {otherName}, which is {other}.");
        }
    }

    /// <summary>At most another argument, and not NaN.</summary>
    /// <param name="value">The argument.</param>
    /// <param name="other">The other argument.</param>
    /// <param name="instead">What to use if the value should be above the other one; may be empty.</param>
    /// <param name="name">The name of the argument.</param>
    /// <param name="otherName">The name of the other argument.</param>
    public static void AtMostOther(
        double value,
        double other,
        string instead = "",
        [CallerArgumentExpression(nameof(value))] string? name = null,
        [CallerArgumentExpression(nameof(other))] string? otherName = null)
    {
        if (!(value <= other))
        {
            throw new ArgumentOutOfRangeException(
                name, value, $"{name} is {value}, but must be at most {otherName}, which is {other}. {instead}".TrimEnd());
        }
    }

    /// <summary>Two weights of the past in an average, in ascending order.</summary>
    public static void Momenta(double minimumMomentum, double maximumMomentum)
    {
        Beta(minimumMomentum);
        Beta(maximumMomentum);
        AtMostOther(minimumMomentum, maximumMomentum);
    }

    /// <summary>At most <paramref name="maximum"/>, and not NaN.</summary>
    public static void AtMost(
        double value, double maximum, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value <= maximum))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be at most {maximum}.");
        }
    }

    /// <summary>As many elements as the optimizer was created for.</summary>
    public static void LengthOfOptimizer(long length, long expected, string what, string? name)
    {
        if (length != expected)
        {
            throw new ArgumentException(
                $"There are {length} {what}, but the optimizer was created for {expected}. Pass {expected}, or create an optimizer for {length}.", name);
        }
    }

    /// <summary>Throws if a list is null, has a null item or is empty; otherwise returns a copy that compares by its items.</summary>
    public static ValueList<T> Items<T>(IReadOnlyList<T> items, string whenEmpty, [CallerArgumentExpression(nameof(items))] string? name = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(items, name);
        foreach (T item in items)
        {
            ArgumentNullException.ThrowIfNull(item, name);
        }

        return items.Count > 0 ? new ValueList<T>(items) : throw new ArgumentException(whenEmpty, name);
    }

    /// <summary>A factor whose inverse rules can use: it is above 0, and its inverse is a normal float.</summary>
    public static void Scale(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!IsScale(value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be above 0, and its inverse must be a normal float: the range is from about 3e-39 to 8e37.");
        }
    }

    /// <summary>Whether a factor is above 0 and its inverse is a normal float.</summary>
    public static bool IsScale(double value) => value > 0 && float.IsNormal((float)(1 / value));
}
