using System.Reflection;
using System.Xml.Linq;
using System.Xml.XPath;

namespace WriteReference;

/// <summary>The XML documentation of some assemblies. Each <c>inheritdoc</c> is replaced by the inherited documentation.</summary>
internal sealed class Documentation
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private const string Inherited = "inheritdoc";

    private readonly Dictionary<string, XElement> _written;
    private readonly Dictionary<string, MemberInfo> _members;
    private readonly Dictionary<string, XElement> _resolved = new(StringComparer.Ordinal);

    /// <summary>Reads documentation.</summary>
    /// <param name="assemblies">The assemblies.</param>
    /// <param name="documents">Their XML documentation from the compiler.</param>
    public Documentation(IEnumerable<Assembly> assemblies, IEnumerable<XDocument> documents)
    {
        // Assemblies can share the names of types that the compiler adds to each.
        _written = documents.SelectMany(document => document.Descendants("member"))
            .DistinctBy(member => member.Attribute("name")!.Value)
            .ToDictionary(member => member.Attribute("name")!.Value, StringComparer.Ordinal);
        _members = assemblies.SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMembers(Declared).Where(member => member is not Type).Prepend(type))
            .GroupBy(DocumentationIds.Of, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);
    }

    /// <summary>The member with an id; null if the assemblies have none.</summary>
    public MemberInfo? Find(string id) => _members.GetValueOrDefault(id);

    /// <summary>The documentation of a type or member, without <c>inheritdoc</c>; empty if it has none.</summary>
    public XElement Of(MemberInfo member) => Resolve(DocumentationIds.Of(member));

    /// <summary>The element of a type's or member's documentation; null if it has none.</summary>
    public XElement? Of(MemberInfo member, string element) => Of(member).Element(element);

    /// <summary>The element of a type's or member's own documentation; null if the element is missing or inherited.</summary>
    public XElement? Own(MemberInfo member, string element) =>
        _written.GetValueOrDefault(DocumentationIds.Of(member))?.Element(element);

    private XElement Resolve(string id)
    {
        if (_resolved.TryGetValue(id, out XElement? known))
        {
            return known;
        }

        // Ends the search for a member that inherits its documentation from itself through other members.
        _resolved[id] = new XElement("member");
        XElement resolved = _written.TryGetValue(id, out XElement? written) ? new XElement(written) : new XElement("member");
        foreach (XElement inherit in resolved.Elements(Inherited).ToList())
        {
            XElement? source = Source(id, inherit);
            inherit.Remove();
            if (source is not null)
            {
                Add(resolved, Selected(source, inherit));
            }
        }

        foreach (XElement inherit in resolved.Descendants(Inherited).ToList())
        {
            XElement? source = Source(id, inherit);
            inherit.ReplaceWith(inherit.Attribute("path") is null
                ? source?.Element(inherit.Parent!.Name)?.Nodes()
                : source is null ? null : Selected(source, inherit));
        }

        return _resolved[id] = resolved;
    }

    private XElement? Source(string id, XElement inherit)
    {
        string? reference = inherit.Attribute("cref")?.Value;
        return reference is not null
            ? Resolve(reference)
            : Find(id) is { } member
                ? Bases(member).Select(DocumentationIds.Of).Select(Resolve).FirstOrDefault(source => source.HasElements)
                : null;
    }

    private static IEnumerable<XElement> Selected(XElement source, XElement inherit) =>
        inherit.Attribute("path")?.Value is not { } path
            ? source.Elements()
            : path.Split('|').SelectMany(part => source.XPathSelectElements(part.Trim().TrimStart('/')));

    // The member's own elements come before the inherited ones.
    private static void Add(XElement target, IEnumerable<XElement> inherited)
    {
        var known = target.Elements().Select(Key).ToHashSet(StringComparer.Ordinal);
        target.Add(inherited.Where(element => !known.Contains(Key(element))).Select(element => new XElement(element)));
    }

    private static string Key(XElement element) => element.Name.LocalName switch
    {
        "param" or "typeparam" => $"{element.Name} {element.Attribute("name")?.Value}",
        "exception" or "seealso" => $"{element.Name} {element.Attribute("cref")?.Value} {element.Value}",
        _ => element.Name.LocalName,
    };

    // The nearest base comes first.
    private static IEnumerable<MemberInfo> Bases(MemberInfo member) => member switch
    {
        Type type => BasesOf(type),
        ConstructorInfo constructor => BaseTypes(constructor.DeclaringType!)
            .Select(type => type.GetConstructor(Declared, [.. constructor.GetParameters().Select(parameter => parameter.ParameterType)]))
            .OfType<ConstructorInfo>(),
        MethodInfo method => BasesOf(method),
        PropertyInfo property => BasesOf(property.GetMethod ?? property.SetMethod!).Select(PropertyOf).OfType<PropertyInfo>(),
        _ => [],
    };

    private static IEnumerable<MemberInfo> BasesOf(Type type) =>
        BaseTypes(type).Concat(type.GetInterfaces()).Select(Definition).OfType<Type>();

    private static IEnumerable<Type> BaseTypes(Type type)
    {
        for (Type? current = type.BaseType; current is not null; current = current.BaseType)
        {
            yield return current;
        }
    }

    private static IEnumerable<MethodInfo> BasesOf(MethodInfo method)
    {
        Type type = method.DeclaringType!;
        if (type.IsInterface)
        {
            yield break;
        }

        if (method.IsVirtual && !method.IsStatic)
        {
            foreach (MethodInfo overridden in BaseTypes(type).SelectMany(current => current.GetMethods(Declared)))
            {
                if (overridden.GetBaseDefinition() == method.GetBaseDefinition())
                {
                    yield return Definition(overridden);
                }
            }
        }

        foreach (Type contract in type.GetInterfaces())
        {
            InterfaceMapping map = type.GetInterfaceMap(contract);
            int index = Array.FindIndex(map.TargetMethods, target => target is not null && SameMethod(target, method));
            if (index >= 0)
            {
                yield return Definition(map.InterfaceMethods[index]);
            }
        }
    }

    private static bool SameMethod(MethodInfo one, MethodInfo other) =>
        one.Module == other.Module && one.MetadataToken == other.MetadataToken;

    private static PropertyInfo? PropertyOf(MethodInfo accessor) =>
        accessor.DeclaringType!.GetProperties(Declared).FirstOrDefault(property =>
            property.GetAccessors(nonPublic: true).Any(candidate => SameMethod(candidate, accessor)));

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private static MethodInfo Definition(MethodInfo method) => (MethodInfo)method.Module.ResolveMethod(method.MetadataToken)!;
}
