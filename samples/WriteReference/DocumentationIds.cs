using System.Reflection;

namespace WriteReference;

/// <summary>The ids that the C# compiler gives to members in the XML documentation: T:, M:, P:, F: and E:.</summary>
internal static class DocumentationIds
{
    /// <summary>The id of a type or member.</summary>
    public static string Of(MemberInfo member) => member switch
    {
        Type type => $"T:{NameOf(type)}",
        FieldInfo field => $"F:{NameOf(field.DeclaringType!)}.{field.Name}",
        EventInfo @event => $"E:{NameOf(@event.DeclaringType!)}.{@event.Name}",
        PropertyInfo property =>
            $"P:{NameOf(property.DeclaringType!)}.{Escaped(property.Name)}{Parameters(property.GetIndexParameters())}",
        ConstructorInfo constructor =>
            $"M:{NameOf(constructor.DeclaringType!)}.{Escaped(constructor.Name)}{Parameters(constructor.GetParameters())}",
        MethodInfo method => OfMethod(method),
        _ => throw new ArgumentException($"{member} is a kind of member that has no documentation id.", nameof(member)),
    };

    private static string OfMethod(MethodInfo method)
    {
        string arity = method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "";
        string result = method.Name is "op_Implicit" or "op_Explicit" ? $"~{Reference(method.ReturnType)}" : "";
        return $"M:{NameOf(method.DeclaringType!)}.{Escaped(method.Name)}{arity}{Parameters(method.GetParameters())}{result}";
    }

    // Explicitly implemented members and constructors have dots in their names.
    private static string Escaped(string name) =>
        name.Replace('.', '#').Replace('<', '{').Replace('>', '}').Replace(',', '@');

    private static string NameOf(Type type) => type.FullName!.Replace('+', '.');

    private static string Parameters(ParameterInfo[] parameters) =>
        parameters.Length == 0 ? "" : $"({string.Join(",", parameters.Select(parameter => Reference(parameter.ParameterType)))})";

    private static string Reference(Type type)
    {
        if (type.IsByRef)
        {
            return $"{Reference(type.GetElementType()!)}@";
        }

        // Function pointers have no name. Only private methods have them, and these are not documented.
        if (type.IsFunctionPointer)
        {
            return "=FUNC";
        }

        if (type.IsPointer)
        {
            return $"{Reference(type.GetElementType()!)}*";
        }

        if (type.IsFunctionPointer)
        {
            return $"=FUNC:{Reference(type.GetFunctionPointerReturnType())}({string.Join(",", type.GetFunctionPointerParameterTypes().Select(Reference))})";
        }

        if (type.IsArray)
        {
            int rank = type.GetArrayRank();
            string brackets = rank == 1 ? "[]" : $"[{string.Join(",", Enumerable.Repeat("0:", rank))}]";
            return $"{Reference(type.GetElementType()!)}{brackets}";
        }

        if (type.IsGenericParameter)
        {
            return $"{(type.DeclaringMethod is null ? "`" : "``")}{type.GenericParameterPosition}";
        }

        if (!type.IsGenericType)
        {
            return NameOf(type);
        }

        // The arguments of all enclosing types come first in the list.
        var arguments = new Queue<Type>(type.GetGenericArguments());
        IEnumerable<string> parts = NameOf(type.GetGenericTypeDefinition()).Split('.').Select(part =>
        {
            string[] nameAndArity = part.Split('`');
            return nameAndArity.Length == 1
                ? part
                : $"{nameAndArity[0]}{{{string.Join(",", Enumerable.Range(0, int.Parse(nameAndArity[1], null)).Select(_ => Reference(arguments.Dequeue())))}}}";
        });
        return string.Join('.', parts);
    }
}
