using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>Checks the value of an option before the serializer sees it, so that the message can say what it should be.</summary>
internal static class ConfigurationValue
{
    /// <summary>Why a value cannot be that of a property, as the end of a sentence; null if it may be.</summary>
    public static string? WhyNot(JsonPropertyInfo property, JsonElement value)
    {
        Type type = property.PropertyType;
        Type whole = Nullable.GetUnderlyingType(type) ?? type;
        if (value.ValueKind == JsonValueKind.Null)
        {
            return Nullable.GetUnderlyingType(type) is null ? $"must be {Expected(type)}, not null" : null;
        }

        if (typeof(IReadOnlyList<long>).IsAssignableFrom(whole))
        {
            return WhyNotList(typeof(long), value);
        }

        if (typeof(IReadOnlyList<double>).IsAssignableFrom(whole))
        {
            return WhyNotList(typeof(double), value);
        }

        if (typeof(IReadOnlyList<ILrSchedule>).IsAssignableFrom(whole))
        {
            return WhyNotList(typeof(ILrSchedule), value);
        }

        return Fits(whole, value) ? null : $"must be {Expected(whole)}, not {value.GetRawText()}";
    }

    private static string? WhyNotList(Type element, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            return $"must be a list, each element {Expected(element)}, not {value.GetRawText()}";
        }

        int index = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (!Fits(element, item))
            {
                return $"must be a list, each element {Expected(element)}, but its element {index} is {item.GetRawText()}";
            }

            index++;
        }

        return null;
    }

    private static bool Fits(Type type, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => type == typeof(double) || (type == typeof(long) && value.TryGetInt64(out _))
            || (type == typeof(int) && value.TryGetInt32(out _)),
        JsonValueKind.String when type == typeof(double) => value.GetString() is "NaN" or "Infinity" or "-Infinity",
        JsonValueKind.String when type.IsEnum =>
            Array.Exists(Enum.GetNames(type), name => string.Equals(name, value.GetString(), StringComparison.OrdinalIgnoreCase)),
        JsonValueKind.String => type == typeof(string),
        JsonValueKind.True or JsonValueKind.False => type == typeof(bool),
        JsonValueKind.Object => type == typeof(ILrSchedule),
        _ => false,
    };

    private static string Expected(Type type) =>
        type == typeof(double) ? "a number"
        : type == typeof(long) || type == typeof(int) ? "a whole number"
        : type == typeof(bool) ? "true or false"
        : type == typeof(string) ? "a text"
        : type == typeof(ILrSchedule) ? $"a schedule, an object with the property \"{ConfigurationText.Kind}\""
        : type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
        : "a list";
}
