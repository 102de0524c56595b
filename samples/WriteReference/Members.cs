using System.Reflection;
using System.Runtime.CompilerServices;

namespace WriteReference;

/// <summary>The members of a type that its page shows.</summary>
internal static class Members
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The public and protected members in the source code, without those that the compiler adds, in the order of their names.</summary>
    public static IReadOnlyList<MemberInfo> Of(Type type, Documentation documentation) =>
    [
        .. type.GetMembers(Declared)
            .Where(member => IsVisible(member) && IsWritten(member) && !IsImplicit(member, documentation) && !IsEquality(member, documentation))
            .OrderBy(member => member.Name, StringComparer.Ordinal)
            .ThenBy(DocumentationIds.Of, StringComparer.Ordinal),
    ];

    /// <summary>The title of a member on its page, without escapes.</summary>
    public static string Title(MemberInfo member)
    {
        string name = member switch
        {
            ConstructorInfo constructor => TypeNames.Of(constructor.DeclaringType!).Split('<')[0],
            MethodInfo { IsSpecialName: true } method =>
                $"Operator {(method.GetParameters().Length == 1 && method.Name.StartsWith("op_Unary", StringComparison.Ordinal) ? "unary " : "")}"
                + Declarations.OperatorOf(method),
            PropertyInfo property when property.GetIndexParameters().Length > 0 => "this",
            _ => member.Name,
        };
        return member switch
        {
            MethodBase method when IsOverloaded(method) => $"{name}({Types(method.GetParameters())})",
            PropertyInfo property when property.GetIndexParameters() is { Length: > 0 } index => $"{name}[{Types(index)}]",
            _ => name,
        };
    }

    /// <summary>The anchor of a member's title.</summary>
    public static string Anchor(MemberInfo member) => Markdown.AnchorOf(Title(member));

    private static string Types(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(TypeNames.Of));

    private static bool IsOverloaded(MethodBase method) =>
        method.DeclaringType!.GetMember(method.Name, Declared).OfType<MethodBase>().Count(IsVisible) > 1;

    /// <summary>Whether a member is public or protected.</summary>
    public static bool IsVisible(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsVisible),
        EventInfo @event => IsVisible(@event.AddMethod!),
        _ => false,
    };

    private static bool IsWritten(MemberInfo member)
    {
        if (member.Name.Contains('<', StringComparison.Ordinal) || member.DeclaringType!.IsSubclassOf(typeof(Delegate)))
        {
            return false;
        }

        return member switch
        {
            MethodInfo method => !method.IsDefined(typeof(CompilerGeneratedAttribute))
                && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)),
            ConstructorInfo constructor => !constructor.IsStatic && !constructor.IsDefined(typeof(CompilerGeneratedAttribute)),
            PropertyInfo property => property.Name != "EqualityContract",
            FieldInfo field => !field.IsSpecialName,
            _ => true,
        };
    }

    // The compiler adds a constructor to a class without one.
    private static bool IsImplicit(MemberInfo member, Documentation documentation) =>
        member is ConstructorInfo constructor && constructor.GetParameters().Length == 0 && documentation.Of(member, "summary") is null;

    // Every record has these members. A type that writes its own does not document them.
    private static bool IsEquality(MemberInfo member, Documentation documentation) =>
        member is MethodInfo method
        && (method.Name is nameof(Equals) or nameof(GetHashCode) or "op_Equality" or "op_Inequality"
            || (method.GetBaseDefinition().DeclaringType == typeof(object) && documentation.Of(method, "summary") is null));
}
