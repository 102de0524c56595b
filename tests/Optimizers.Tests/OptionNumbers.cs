using System.Reflection;

namespace Optimizers.Tests;

/// <summary>The numeric options of a record, and the values that are refused.</summary>
internal static class OptionNumbers
{
    /// <summary>The numeric options that can be set.</summary>
    public static IEnumerable<PropertyInfo> Of(IOptimizerOptions options) => options.GetType().GetProperties()
        .Where(property => property.SetMethod is not null
            && (property.PropertyType == typeof(double) || property.PropertyType == typeof(double?)));

    /// <summary>A copy with one option changed.</summary>
    public static IOptimizerOptions With(IOptimizerOptions options, PropertyInfo property, double value)
    {
        // The method that the compiler generates for a "with" expression.
        object copy = options.GetType().GetMethod("<Clone>$")!.Invoke(options, null)!;
        property.SetValue(copy, value);
        return (IOptimizerOptions)copy;
    }

    /// <summary>The names of the options for which one value is refused and another is accepted.</summary>
    public static IReadOnlyList<string> Where(IOptimizerOptions defaults, double? accepted, double refused) =>
        [.. Of(defaults).Where(property => IsRefused(defaults, property, refused) && (accepted is not { } value || !IsRefused(defaults, property, value)))
            .Select(property => property.Name)];

    /// <summary>The options with 0 in every option that is named Epsilon and may be 0; null if there is none.</summary>
    public static TOptions? WithoutEpsilon<TOptions>(TOptions options)
        where TOptions : IOptimizerOptions
    {
        PropertyInfo[] epsilons = [.. Of(options)
            .Where(property => property.Name.StartsWith("Epsilon", StringComparison.Ordinal) && !IsRefused(options, property, 0))];
        return epsilons.Length == 0
            ? default
            : epsilons.Aggregate(options, (changed, property) => (TOptions)With(changed, property, 0));
    }

    // A rate and a decay may be refused together. This test is about single options.
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
