using System.Reflection;
using System.Runtime.CompilerServices;

namespace WriteReference;

/// <summary>Types as C# writes them.</summary>
internal static class TypeNames
{
    private static readonly Dictionary<Type, string> _keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
        [typeof(nint)] = "nint",
        [typeof(nuint)] = "nuint",
    };

    /// <summary>The type with its type arguments or parameters, without annotations.</summary>
    public static string Of(Type type) => Write(type, null, new Queue<string?>());

    /// <summary>The type of a parameter.</summary>
    public static string Of(ParameterInfo parameter) =>
        Write(parameter.ParameterType, new NullabilityInfoContext().Create(parameter), TupleNames(parameter));

    /// <summary>The type of a property.</summary>
    public static string Of(PropertyInfo property) =>
        Write(property.PropertyType, new NullabilityInfoContext().Create(property), TupleNames(property));

    /// <summary>The type of a field.</summary>
    public static string Of(FieldInfo field) =>
        Write(field.FieldType, new NullabilityInfoContext().Create(field), TupleNames(field));

    /// <summary>The type of an event.</summary>
    public static string Of(EventInfo @event) =>
        Write(@event.EventHandlerType!, new NullabilityInfoContext().Create(@event), TupleNames(@event));

    private static Queue<string?> TupleNames(ICustomAttributeProvider provider) =>
        new(provider.GetCustomAttributes(typeof(TupleElementNamesAttribute), inherit: false)
            .OfType<TupleElementNamesAttribute>().SelectMany(attribute => attribute.TransformNames));

    private static string Write(Type type, NullabilityInfo? nullability, Queue<string?> tupleNames)
    {
        if (type.IsByRef)
        {
            return Write(type.GetElementType()!, nullability, tupleNames);
        }

        if (type.IsPointer)
        {
            return $"{Write(type.GetElementType()!, null, tupleNames)}*";
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{Write(value, null, tupleNames)}?";
        }

        string mark = !type.IsValueType && nullability?.ReadState == NullabilityState.Nullable ? "?" : "";
        if (type.IsArray)
        {
            return $"{Write(type.GetElementType()!, nullability?.ElementType, tupleNames)}[{new string(',', type.GetArrayRank() - 1)}]{mark}";
        }

        if (_keywords.TryGetValue(type, out string? keyword))
        {
            return $"{keyword}{mark}";
        }

        return type.IsGenericParameter ? $"{type.Name}{mark}" : $"{WriteNamed(type, nullability, tupleNames)}{mark}";
    }

    private static string WriteNamed(Type type, NullabilityInfo? nullability, Queue<string?> tupleNames)
    {
        Type[] arguments = type.GetGenericArguments();
        if (type.FullName?.StartsWith("System.ValueTuple`", StringComparison.Ordinal) == true)
        {
            string?[] names = [.. arguments.Select(_ => tupleNames.TryDequeue(out string? name) ? name : null)];
            return $"({string.Join(", ", arguments.Select((argument, i) => $"{Argument(i)}{(names[i] is null ? "" : $" {names[i]}")}"))})";
        }

        string outer = type.IsNested ? $"{Of(type.DeclaringType!)}." : "";
        int inherited = type.DeclaringType?.GetGenericArguments().Length ?? 0;
        string own = type.Name.Split('`')[0];
        return arguments.Length <= inherited
            ? $"{outer}{own}"
            : $"{outer}{own}<{string.Join(", ", Enumerable.Range(inherited, arguments.Length - inherited).Select(Argument))}>";

        string Argument(int i) =>
            Write(arguments[i], nullability?.GenericTypeArguments.ElementAtOrDefault(i), tupleNames);
    }
}
