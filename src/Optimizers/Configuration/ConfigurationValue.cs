using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>Checks the value of an option before the serializer reads it, so that the message can say which values are
/// valid.</summary>
internal static class ConfigurationValue
{
    private const int Longest = 120;

    /// <summary>Whether an option may be null.</summary>
    public static bool MayBeNull(JsonPropertyInfo option) =>
        Nullable.GetUnderlyingType(option.PropertyType) is not null
        || (!option.PropertyType.IsValueType && (option.AssociatedParameter?.IsNullable ?? option.IsSetNullable));

    public static bool IsWhole(Type type) => (Nullable.GetUnderlyingType(type) ?? type) is { } whole && (whole == typeof(long) || whole == typeof(int));

    /// <summary>Why a value is not valid for an option, as the end of a sentence; null if it is valid.</summary>
    public static string? WhyNot(Type type, JsonElement value)
    {
        Type whole = Nullable.GetUnderlyingType(type) ?? type;
        Type? element = Array.Find(
            [typeof(long), typeof(double), typeof(string), typeof(ILrSchedule), typeof(GroupConfiguration)],
            element => ListOf(element).IsAssignableFrom(whole));
        if (element is not null)
        {
            return WhyNotList(element, value);
        }

        return Fits(whole, value) ? null : $"must be {Expected(whole)}, not {Shown(value)}";
    }

    /// <summary>A value as text for messages, shortened if it is long.</summary>
    public static string Shown(JsonElement value) => value.GetRawText() is { Length: > Longest } text ? $"{text[..Longest]}…" : value.GetRawText();

    // A generic type that is made at run time is not safe in trimmed programs.
    private static Type ListOf(Type element) =>
        element == typeof(long) ? typeof(IReadOnlyList<long>)
        : element == typeof(double) ? typeof(IReadOnlyList<double>)
        : element == typeof(ILrSchedule) ? typeof(IReadOnlyList<ILrSchedule>)
        : element == typeof(string) ? typeof(IReadOnlyList<string>)
        : typeof(IReadOnlyList<GroupConfiguration>);

    private static string? WhyNotList(Type element, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            return $"must be a list, each element {Expected(element)}, not {Shown(value)}";
        }

        int index = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (!Fits(element, item))
            {
                return $"must be a list, each element {Expected(element)}, but its element {index} is {Shown(item)}";
            }

            index++;
        }

        return null;
    }

    private static bool Fits(Type type, JsonElement value)
    {
        if (!IsKnown(type))
        {
            return value.ValueKind != JsonValueKind.Null;
        }

        return value.ValueKind switch
        {
            JsonValueKind.Number => (type == typeof(double) && double.IsFinite(value.GetDouble()))
                || (IsWhole(type) && value.TryGetDecimal(out decimal number) && number == decimal.Truncate(number)
                    && number >= (type == typeof(long) ? long.MinValue : int.MinValue)
                    && number <= (type == typeof(long) ? long.MaxValue : int.MaxValue)),
            JsonValueKind.String when type == typeof(double) => value.GetString() is "NaN" or "Infinity" or "-Infinity",
            JsonValueKind.String when type.IsEnum =>
                Array.Exists(Enum.GetNames(type), name => string.Equals(name, value.GetString(), StringComparison.OrdinalIgnoreCase)),
            JsonValueKind.String => type == typeof(string) || type == typeof(ParameterFilter),
            JsonValueKind.True or JsonValueKind.False => type == typeof(bool),
            JsonValueKind.Object => IsObject(type),
            JsonValueKind.Array => type == typeof(ParameterFilter) && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String),
            _ => false,
        };
    }

    private static bool IsObject(Type type) =>
        type == typeof(ILrSchedule) || type == typeof(IOptimizerOptions) || type == typeof(IGradientClip)
        || type == typeof(LossScalerOptions) || type == typeof(ParameterFilter) || type == typeof(GroupConfiguration);

    // The serializer checks other types, such as an enumeration of a user.
    private static bool IsKnown(Type type) =>
        type == typeof(double) || IsWhole(type) || type == typeof(bool) || type == typeof(string) || IsObject(type)
        || (type.IsEnum && type.Assembly == typeof(ConfigurationValue).Assembly);

    private static string Expected(Type type) =>
        type == typeof(double) ? "a number"
        : IsWhole(type) ? "a whole number"
        : type == typeof(bool) ? "true or false"
        : type == typeof(string) ? "a string"
        : type == typeof(ILrSchedule) ? $"a schedule, an object with the property \"{ConfigurationText.Kind}\""
        : type == typeof(IOptimizerOptions) ? $"an optimizer, an object with the property \"{ConfigurationText.Kind}\""
        : type == typeof(IGradientClip) ? $"a clip, an object with the property \"{ConfigurationText.Kind}\""
        : type == typeof(ParameterFilter) ? "a pattern of names, a list of patterns, or an object"
        : IsObject(type) ? "an object"
        : type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
        : "another value";
}
