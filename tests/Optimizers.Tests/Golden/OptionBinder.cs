using System.Collections;
using System.Reflection;
using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>
/// Creates options records and schedules from the options of a golden case. The name of an option is the name of a property or
/// parameter. A missing option has the library's default. An unknown option throws.
/// </summary>
internal static class OptionBinder
{
    /// <summary>Creates a record and sets its init properties.</summary>
    public static T Record<T>(Type type, JsonElement options)
    {
        object record = Activator.CreateInstance(type)!;
        foreach (JsonProperty option in options.EnumerateObject())
        {
            PropertyInfo property = type.GetProperty(option.Name) is { CanWrite: true } found
                ? found
                : throw Unknown(type, option.Name);
            property.SetValue(
                record, Value(option.Value, property.PropertyType, option.Name), BindingFlags.DoNotWrapExceptions, null, null, null);
        }

        return (T)record;
    }

    /// <summary>Creates a schedule with its constructor. The parameters have the names of the options, but with a small first letter.</summary>
    public static ILrSchedule Schedule(string name, JsonElement options)
    {
        Type type = Catalogue.Schedules[name];
        ConstructorInfo constructor = type.GetConstructors().MaxBy(candidate => candidate.GetParameters().Length)!;
        ParameterInfo[] parameters = constructor.GetParameters();
        foreach (JsonProperty option in options.EnumerateObject())
        {
            if (!parameters.Any(parameter => OptionName(parameter) == option.Name))
            {
                throw Unknown(type, option.Name);
            }
        }

        object?[] arguments = Array.ConvertAll(parameters, parameter => Argument(type, parameter, options));
        return (ILrSchedule)constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }

    private static ArgumentException Unknown(Type type, string option) =>
        new($"{type.Name} has no option \"{option}\".");

    private static string OptionName(ParameterInfo parameter) =>
        char.ToUpperInvariant(parameter.Name![0]) + parameter.Name[1..];

    private static object? Argument(Type type, ParameterInfo parameter, JsonElement options)
    {
        if (options.TryGetProperty(OptionName(parameter), out JsonElement value))
        {
            return Value(value, parameter.ParameterType, OptionName(parameter));
        }

        return parameter.HasDefaultValue
            ? parameter.DefaultValue
            : throw new ArgumentException($"{type.Name} needs the option \"{OptionName(parameter)}\".");
    }

    private static object? Value(JsonElement json, Type type, string option)
    {
        if (json.ValueKind == JsonValueKind.Null && (!type.IsValueType || Nullable.GetUnderlyingType(type) is not null))
        {
            return null;
        }

        Type target = Nullable.GetUnderlyingType(type) ?? type;
        return json.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False when target == typeof(bool) => json.GetBoolean(),
            JsonValueKind.Number when target == typeof(double) => json.GetDouble(),
            JsonValueKind.Number when target == typeof(long) => Count(json, option),
            JsonValueKind.Number when target == typeof(int) => checked((int)Count(json, option)),
            JsonValueKind.Number when target == typeof(NormKind) && json.GetDouble() == 2 => NormKind.Euclidean,
            JsonValueKind.String when target.IsEnum => Enum.Parse(target, json.GetString()!),
            JsonValueKind.Object when target == typeof(ILrSchedule) =>
                Schedule(json.GetProperty("schedule").GetString()!, json.GetProperty("options")),
            JsonValueKind.Array when ElementType(target) is { } element => List(json, element, option),
            _ => throw new ArgumentException($"The option \"{option}\" is {json.GetRawText()}, which is not a valid {target.Name}."),
        };
    }

    // Some recordings write counts as 1000000.0.
    private static long Count(JsonElement json, string option)
    {
        double number = json.GetDouble();
        return number == Math.Truncate(number)
            ? checked((long)number)
            : throw new ArgumentException($"The option \"{option}\" is {number}, which is not a whole number.");
    }

    private static Type? ElementType(Type list) =>
        list.GetElementType()
        ?? (list.IsAssignableTo(typeof(IEnumerable)) && list.IsGenericType ? list.GetGenericArguments()[0] : null);

    private static Array List(JsonElement json, Type element, string option)
    {
        var list = Array.CreateInstance(element, json.GetArrayLength());
        for (int i = 0; i < list.Length; i++)
        {
            list.SetValue(Value(json[i], element, option), i);
        }

        return list;
    }
}
