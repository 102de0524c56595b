using System.Reflection;

namespace WriteReference;

/// <summary>Instances in which every property has its default.</summary>
internal static class Defaults
{
    /// <summary>An instance of a record with a constructor without arguments; null for any other type.</summary>
    public static object? Of(Type type) =>
        type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && Declarations.IsRecord(type)
        && type.GetConstructor([]) is { } constructor
        && type.GetProperties().Any(Declarations.IsInit)
            ? constructor.Invoke(null)
            : null;

    /// <summary>The properties that an initialiser sets, in the order in which they are declared.</summary>
    public static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties().Where(Declarations.IsInit).OrderBy(property => property.MetadataToken);
}
