using System.Reflection;

namespace Optimizers.Tests;

/// <summary>The options that are numbers: which there are, and which values of them are refused.</summary>
internal static class OptionNumbers
{
    /// <summary>The options that are numbers and can be set.</summary>
    public static IEnumerable<PropertyInfo> Of(IOptimizerOptions options) => options.GetType().GetProperties()
        .Where(property => property.SetMethod is not null
            && (property.PropertyType == typeof(double) || property.PropertyType == typeof(double?)));

    /// <summary>A copy with one option changed.</summary>
    public static IOptimizerOptions With(IOptimizerOptions options, PropertyInfo property, double value)
    {
        // What the compiler makes of a "with" expression.
        object copy = options.GetType().GetMethod("<Clone>$")!.Invoke(options, null)!;
        property.SetValue(copy, value);
        return (IOptimizerOptions)copy;
    }

    /// <summary>The names of the options of which one value is refused, and another is accepted.</summary>
    public static IReadOnlyList<string> Where(IOptimizerOptions defaults, double? accepted, double refused) =>
        [.. Of(defaults).Where(property => IsRefused(defaults, property, refused) && (accepted is not { } value || !IsRefused(defaults, property, value)))
            .Select(property => property.Name)];

    /// <summary>The options with a 0 in all that are named Epsilon and may be 0; null where there are none.</summary>
    public static TOptions? WithoutEpsilon<TOptions>(TOptions options)
        where TOptions : IOptimizerOptions
    {
        PropertyInfo[] epsilons = [.. Of(options)
            .Where(property => property.Name.StartsWith("Epsilon", StringComparison.Ordinal) && !IsRefused(options, property, 0))];
        return epsilons.Length == 0
            ? default
            : epsilons.Aggregate(options, (changed, property) => (TOptions)With(changed, property, 0));
    }

    // A rate and a decay may be refused together; an option alone is meant here.
    private static bool IsRefused(IOptimizerOptions defaults, PropertyInfo property, double value)
    {
        try
        {
            OptionsCheck.Validate(With(defaults, property, value));
            return false;
        }
        catch (ArgumentOutOfRangeException exception) when (exception is not WeightDecayException)
        {
            return exception.ParamName == property.Name;
        }
        catch (WeightDecayException)
        {
            return false;
        }
    }
}
