using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace WriteReference;

/// <summary>Declarations of public and protected types and members, as C# writes them, without bodies.</summary>
internal static class Declarations
{
    private const BindingFlags Hidden = BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    /// <summary>Whether a type is a record.</summary>
    public static bool IsRecord(Type type) =>
        type.GetMethod("PrintMembers", Hidden)?.IsDefined(typeof(CompilerGeneratedAttribute)) == true
        || type.GetMethod("<Clone>$") is not null;

    /// <summary>The declaration of a type.</summary>
    public static string Of(Type type)
    {
        if (type.IsEnum)
        {
            Type number = Enum.GetUnderlyingType(type);
            return $"public enum {TypeNames.Of(type)}{(number == typeof(int) ? "" : $" : {TypeNames.Of(number)}")}";
        }

        if (type.IsSubclassOf(typeof(Delegate)))
        {
            MethodInfo invoke = type.GetMethod("Invoke")!;
            return $"public delegate {Result(invoke)} {TypeNames.Of(type)}({Parameters(invoke.GetParameters())}){Constraints(type.GetGenericArguments())}";
        }

        string[] bases = [.. Bases(type).Select(TypeNames.Of)];
        return $"public {KindOf(type)} {TypeNames.Of(type)}{(bases.Length == 0 ? "" : $" : {string.Join(", ", bases)}")}"
            + Constraints(type.GetGenericArguments());
    }

    /// <summary>The public base class and interfaces, without those that every type or record has.</summary>
    public static IEnumerable<Type> Bases(Type type)
    {
        if (type.BaseType is { } parent && !type.IsValueType && parent != typeof(object))
        {
            yield return parent;
        }

        Type[] all = [.. type.GetInterfaces().Where(contract => contract.IsVisible && !IsOwnEquality(type, contract))];
        foreach (Type contract in all
            .Where(contract => type.BaseType?.GetInterfaces().Contains(contract) != true)
            .Where(contract => !Array.Exists(all, other => other != contract && other.GetInterfaces().Contains(contract)))
            .OrderBy(TypeNames.Of, StringComparer.Ordinal))
        {
            yield return contract;
        }
    }

    /// <summary>The declaration of a member.</summary>
    /// <param name="member">The member.</param>
    /// <param name="instance">An instance made without arguments, whose property values are the defaults; null if there is none.</param>
    public static string Of(MemberInfo member, object? instance) => member switch
    {
        ConstructorInfo constructor =>
            $"{Access(constructor)}{TypeNames.Of(constructor.DeclaringType!).Split('<')[0]}({Parameters(constructor.GetParameters())})",
        MethodInfo method => OfMethod(method),
        PropertyInfo property => OfProperty(property, instance),
        FieldInfo { IsLiteral: true } field =>
            $"{Access(field)}const {TypeNames.Of(field)} {field.Name} = {Literal(field.GetRawConstantValue(), field.FieldType)}",
        FieldInfo field =>
            $"{Access(field)}{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{TypeNames.Of(field)} {field.Name}",
        EventInfo @event => $"{Access(@event.AddMethod!)}{Modifiers(@event.AddMethod!)}event {TypeNames.Of(@event)} {@event.Name}",
        _ => throw new ArgumentException($"{member} cannot be written: members of this kind are not supported.", nameof(member)),
    };

    /// <summary>A constant as C# writes it; null if its type has no literals.</summary>
    /// <param name="value">The value.</param>
    /// <param name="type">The type of the variable.</param>
    public static string? Literal(object? value, Type type)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        if (value is not null && plain.IsEnum)
        {
            object member = Enum.ToObject(plain, value);
            return Enum.IsDefined(plain, member) ? $"{plain.Name}.{member}" : $"({plain.Name}){Convert.ToInt64(value, CultureInfo.InvariantCulture)}";
        }

        return value switch
        {
            null => plain == type && type.IsValueType ? "default" : "null",
            bool truth => truth ? "true" : "false",
            string text => $"\"{text}\"",
            double number => Number(number),
            float number => $"{Number(number)}f",
            int or long or short or byte or uint or ulong => Grouped(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture)),
            _ => null,
        };
    }

    private static string Number(double number)
    {
        if (!double.IsFinite(number))
        {
            return double.IsNaN(number) ? "double.NaN" : number > 0 ? "double.PositiveInfinity" : "double.NegativeInfinity";
        }

        string[] parts = number.ToString("R", CultureInfo.InvariantCulture).Split('E');
        return parts.Length == 1
            ? Grouped(parts[0])
            : $"{parts[0]}e{int.Parse(parts[1], CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)}";
    }

    // Writes 10000 as 10_000, like the source code.
    private static string Grouped(string digits) =>
        digits.TrimStart('-').Length <= 4 || !digits.TrimStart('-').All(char.IsAsciiDigit)
            ? digits
            : decimal.Parse(digits, CultureInfo.InvariantCulture).ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '_');

    private static bool IsOwnEquality(Type type, Type contract) =>
        contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(IEquatable<>) && contract.GetGenericArguments()[0] == type;

    private static string KindOf(Type type)
    {
        string record = IsRecord(type) ? "record" : "";
        if (type.IsInterface)
        {
            return "interface";
        }

        if (type.IsValueType)
        {
            string readOnly = type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "";
            return $"{readOnly}{(type.IsByRefLike ? "ref " : "")}{(record.Length > 0 ? $"{record} struct" : "struct")}";
        }

        string modifier = (type.IsAbstract, type.IsSealed) switch
        {
            (true, true) => "static ",
            (true, false) => "abstract ",
            (false, true) => "sealed ",
            _ => "",
        };
        return $"{modifier}{(record.Length > 0 ? record : "class")}";
    }

    private static string Access(MethodBase method) =>
        method.DeclaringType!.IsInterface ? "" : method.IsPublic ? "public " : "protected ";

    private static string Access(FieldInfo field) => field.IsPublic ? "public " : "protected ";

    private static string Modifiers(MethodInfo method)
    {
        if (method.DeclaringType!.IsInterface)
        {
            return !method.IsStatic ? "" : method.IsAbstract ? "static abstract " : method.IsVirtual ? "static virtual " : "static ";
        }

        return method switch
        {
            { IsStatic: true } => "static ",
            { IsAbstract: true } => "abstract ",
            { IsVirtual: true } when method.GetBaseDefinition() != method => "override ",
            { IsVirtual: true, IsFinal: false } when !method.DeclaringType.IsSealed => "virtual ",
            _ => "",
        };
    }

    private static string OfMethod(MethodInfo method)
    {
        string name = method.Name switch
        {
            "op_Implicit" => $"implicit operator {Result(method)}",
            "op_Explicit" => $"explicit operator {Result(method)}",
            _ when method.Name.StartsWith("op_", StringComparison.Ordinal) => $"{Result(method)} operator {OperatorOf(method)}",
            _ => $"{Result(method)} {method.Name}",
        };
        Type[] generics = method.IsGenericMethod ? method.GetGenericArguments() : [];
        string typeParameters = generics.Length == 0 ? "" : $"<{string.Join(", ", generics.Select(generic => generic.Name))}>";
        string receiver = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        return $"{Access(method)}{Modifiers(method)}{name}{typeParameters}({receiver}{Parameters(method.GetParameters())}){Constraints(generics)}";
    }

    /// <summary>The sign of an operator.</summary>
    public static string OperatorOf(MethodInfo method) => method.Name switch
    {
        "op_Addition" or "op_UnaryPlus" => "+",
        "op_Subtraction" or "op_UnaryNegation" => "-",
        "op_Multiply" => "*",
        "op_Division" => "/",
        "op_LessThan" => "<",
        "op_GreaterThan" => ">",
        "op_LessThanOrEqual" => "<=",
        "op_GreaterThanOrEqual" => ">=",
        "op_BitwiseAnd" => "&",
        "op_BitwiseOr" => "|",
        "op_Implicit" => "implicit",
        "op_Explicit" => "explicit",
        _ => method.Name["op_".Length..],
    };

    private static string Result(MethodInfo method)
    {
        string reference = !method.ReturnType.IsByRef ? ""
            : method.ReturnParameter.IsDefined(typeof(IsReadOnlyAttribute)) ? "ref readonly " : "ref ";
        return $"{reference}{TypeNames.Of(method.ReturnParameter)}";
    }

    private static string OfProperty(PropertyInfo property, object? instance)
    {
        MethodInfo shown = property.GetAccessors(nonPublic: true).First(Members.IsVisible);
        string accessors = string.Concat(new[] { (property.GetMethod, "get"), (property.SetMethod, IsInit(property) ? "init" : "set") }
            .Where(pair => pair.Item1 is not null && Members.IsVisible(pair.Item1))
            .Select(pair => $"{(pair.Item1!.IsFamily && shown.IsPublic ? "protected " : "")}{pair.Item2}; "));
        ParameterInfo[] index = property.GetIndexParameters();
        string name = index.Length == 0 ? property.Name : $"this[{Parameters(index)}]";
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        string reference = property.PropertyType.IsByRef ? "ref " : "";
        string initial = instance is not null && property.SetMethod is { } setter && Members.IsVisible(setter)
            && Literal(property.GetValue(instance), property.PropertyType) is { } literal ? $" = {literal};" : "";
        return $"{Access(shown)}{Modifiers(shown)}{required}{reference}{TypeNames.Of(property)} {name} {{ {accessors}}}{initial}";
    }

    /// <summary>Whether only an initialiser can set a property.</summary>
    public static bool IsInit(PropertyInfo property) =>
        property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;

    private static string Parameters(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        string passing = parameter switch
        {
            { IsOut: true } => "out ",
            { ParameterType.IsByRef: true } when parameter.IsDefined(typeof(RequiresLocationAttribute)) => "ref readonly ",
            { ParameterType.IsByRef: true } when parameter.IsDefined(typeof(IsReadOnlyAttribute)) || parameter.IsIn => "in ",
            { ParameterType.IsByRef: true } => "ref ",
            _ when parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) => "params ",
            _ => "",
        };
        string standard = parameter.IsOptional && parameter.HasDefaultValue
            ? $" = {Literal(parameter.RawDefaultValue, parameter.ParameterType) ?? "default"}"
            : "";
        return $"{passing}{TypeNames.Of(parameter)} {parameter.Name}{standard}";
    }

    private static string Constraints(Type[] generics) => string.Concat(generics.Select(Constraint));

    private static string Constraint(Type parameter)
    {
        GenericParameterAttributes flags = parameter.GenericParameterAttributes;
        var parts = new List<string>();
        if (parameter.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "IsUnmanagedAttribute"))
        {
            parts.Add("unmanaged");
        }
        else if (flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint))
        {
            parts.Add("struct");
        }
        else if (flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            parts.Add("class");
        }

        parts.AddRange(parameter.GetGenericParameterConstraints()
            .Where(constraint => constraint != typeof(ValueType) && constraint.IsVisible)
            .Select(TypeNames.Of));
        if (flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint)
            && !flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint))
        {
            parts.Add("new()");
        }

        return parts.Count == 0 ? "" : $"\n    where {parameter.Name} : {string.Join(", ", parts)}";
    }
}
