using System.Numerics;

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

    /// <summary>Above 0 and finite, also as a float.</summary>
    public static void Positive(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!((float)value > 0) || !float.IsFinite((float)value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be finite and above 0, also as a float.");
        }
    }

    /// <summary>
    /// A bound on gradients: above 0, also as a float, and finite. Under a bound of 0 all gradients are 0, while the state of the
    /// optimizer still changes.
    /// </summary>
    public static void Bound(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!((float)value > 0) || !float.IsFinite((float)value))
        {
            throw new ArgumentOutOfRangeException(
                name, value, $"{name} must be finite and above 0, also as a float: 0 would make every gradient 0. To clip nothing, use no clip.");
        }
    }

    /// <summary>Finite, also as a float.</summary>
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

    /// <summary>One of the values that the enumeration names.</summary>
    public static void Defined<T>(T value, [CallerArgumentExpression(nameof(value))] string? name = null)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be one of {string.Join(", ", Enum.GetNames<T>())}.");
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

    /// <summary>At least <paramref name="minimum"/>, and finite also as a float.</summary>
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

    /// <summary>More than another argument.</summary>
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

    /// <summary>At most another argument, and no NaN.</summary>
    /// <param name="value">The argument.</param>
    /// <param name="other">The other one.</param>
    /// <param name="instead">What to use where the value is to be above the other; empty: not said.</param>
    /// <param name="name">The name of the argument.</param>
    /// <param name="otherName">The name of the other one.</param>
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

    /// <summary>Two weights that an average gives to its past, in their order.</summary>
    public static void Momenta(double minimumMomentum, double maximumMomentum)
    {
        Beta(minimumMomentum);
        Beta(maximumMomentum);
        AtMostOther(minimumMomentum, maximumMomentum);
    }

    /// <summary>At most <paramref name="maximum"/>, and no NaN.</summary>
    public static void AtMost(
        double value, double maximum, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value <= maximum))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be at most {maximum}.");
        }
    }

    /// <summary>A factor whose inverse a rule can use: above 0, with an inverse that is a normal float.</summary>
    public static void Scale(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!IsScale(value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be above 0, and so large or small that its inverse is a normal float: from about 3e-39 to 8e37.");
        }
    }

    /// <summary>Whether a factor is above 0, with an inverse that is a normal float.</summary>
    public static bool IsScale(double value) => value > 0 && float.IsNormal((float)(1 / value));
}
