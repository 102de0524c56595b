using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace WriteReference;

/// <summary>The page of one public type.</summary>
internal sealed partial class TypePage
{
    private const string Formula = "text";
    private const string CSharp = "cs";
    private const int FewMembers = 8;

    private readonly Type _type;
    private readonly Documentation _documentation;
    private readonly Links _links;
    private readonly Prose _prose;
    private readonly IReadOnlyList<Type> _types;
    private readonly object? _instance;

    /// <summary>Makes the page.</summary>
    /// <param name="type">The type.</param>
    /// <param name="documentation">The XML documentation of the assemblies.</param>
    /// <param name="links">The targets of references.</param>
    /// <param name="types">All types that have a page.</param>
    public TypePage(Type type, Documentation documentation, Links links, IReadOnlyList<Type> types)
    {
        _type = type;
        _documentation = documentation;
        _links = links;
        _prose = new Prose(links, type);
        _types = types;
        _instance = Defaults.Of(type);
    }

    /// <summary>The page as Markdown.</summary>
    public string Text() => Reference.Page(
    [
        $"# {Prose.Escape(TypeNames.Of(_type))}",
        $"Namespace [`{_type.Namespace}`](README.md#{Markdown.AnchorOf(_type.Namespace!)})"
            + (Reference.PackageOf(_type) is { } package ? $", package `{package}`" : ""),
        .. Blocks(_type, "summary"),
        Prose.Code(Declarations.Of(_type), CSharp),
        .. Relations(),
        .. TypeDetails(),
        .. MemberList(),
        .. Values(),
        .. Section<ConstructorInfo>("Constructors"),
        .. Section<FieldInfo>("Fields"),
        .. Section<PropertyInfo>("Properties"),
        .. Section<MethodInfo>("Methods", method => !method.IsSpecialName),
        .. Section<MethodInfo>("Operators", method => method.IsSpecialName),
        .. Section<EventInfo>("Events"),
    ]);

    [GeneratedRegex(@"(?:; default|(?<=\.) Default) [^.;]+(?:\.\d+)?(?=\.)")]
    private static partial Regex InheritedDefault();

    private IEnumerable<MemberInfo> Shown => Members.Of(_type, _documentation);

    private IEnumerable<string> Blocks(MemberInfo member, string element, string language = Formula) =>
        _prose.Blocks(_documentation.Of(member, element), language);

    // Links to the base types, which have further members, and to the derived types, which can be used in its place.
    private IEnumerable<string> Relations()
    {
        Type[] bases = [.. Declarations.Bases(_type).Where(type => _types.Contains(Definition(type)))];
        if (bases.Length > 0 && !_type.IsEnum)
        {
            yield return $"Base types: {string.Join(", ", bases.Select(type => _links.To(type, _type)))}.";
        }

        Type[] derived = [.. _types.Where(other => other != _type && Declarations.Bases(other).Any(parent => IsThis(parent)))];
        if (derived.Length > 0)
        {
            yield return $"Derived types: {string.Join(", ", derived.Select(type => _links.To(type, _type)))}.";
        }
    }

    private bool IsThis(Type type) => Definition(type) == _type;

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private IEnumerable<string> TypeDetails()
    {
        if (_type.IsSubclassOf(typeof(Delegate)))
        {
            foreach (string block in Details(_type, _type.GetMethod("Invoke")!.GetParameters()))
            {
                yield return block;
            }
        }
        else if (Named("typeparam", _type, _type.GetGenericArguments().Select(argument => argument.Name)) is { } parameters)
        {
            yield return $"**Type parameters**\n\n{parameters}";
        }

        string[] remarks = [.. Blocks(_type, "remarks")];
        foreach (string block in remarks.Length == 0 ? remarks : remarks.Prepend("## Remarks"))
        {
            yield return block;
        }

        string[] example = [.. Blocks(_type, "example", CSharp)];
        foreach (string block in example.Length == 0 ? example : example.Prepend("## Example"))
        {
            yield return block;
        }
    }

    // Links to the members, for long pages.
    private IEnumerable<string> MemberList()
    {
        MemberInfo[] shown = [.. Shown.Where(member => member is not ConstructorInfo)];
        if (shown.Length >= FewMembers && !_type.IsEnum)
        {
            yield return "## Members";
            yield return string.Join(", ", shown
                .DistinctBy(member => member.Name)
                .Select(member => $"[{Prose.Escape(Members.Title(member).Split('(')[0])}](#{Members.Anchor(member)})"));
        }
    }

    private IEnumerable<string> Values()
    {
        if (!_type.IsEnum)
        {
            yield break;
        }

        yield return "## Values";
        yield return Markdown.Table(
            ["Value", "Meaning"],
            _type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(field => new[] { $"`{field.Name}`", Prose.AsCell($"{Line(field, "summary")} {Line(field, "remarks")}".Trim()) }));
    }

    private string Line(MemberInfo member, string element) => _prose.Line(_documentation.Of(member, element));

    private IEnumerable<string> Section<T>(string title, Func<T, bool>? condition = null)
        where T : MemberInfo
    {
        T[] members = _type.IsEnum ? [] : [.. Shown.OfType<T>().Where(member => condition?.Invoke(member) ?? true)];
        return members.Length == 0 ? [] : members.SelectMany(Member).Prepend($"## {title}");
    }

    private IEnumerable<string> Member(MemberInfo member)
    {
        yield return $"### {Prose.Escape(Members.Title(member))}";

        // The compiler gives the documentation of a type to its primary constructor as well.
        bool isPrimary = member is ConstructorInfo
            && _documentation.Of(member, "summary")?.Value == _documentation.Of(_type, "summary")?.Value;
        if (isPrimary)
        {
            yield return $"Creates the {(_type.IsValueType ? "value" : "instance")}.";
        }

        foreach (string block in isPrimary ? [] : Summary(member))
        {
            yield return block;
        }

        yield return Prose.Code(Declarations.Of(member, _instance), CSharp);
        foreach (string block in isPrimary ? [] : Blocks(member, "remarks"))
        {
            yield return block;
        }

        foreach (string block in Details(member, ParametersOf(member)))
        {
            yield return block;
        }

        if (member is MethodInfo { IsAbstract: false, IsStatic: false } or PropertyInfo { GetMethod: { IsAbstract: false, IsStatic: false } }
            && _type.IsInterface)
        {
            yield return "Has a default implementation: a type need not implement it.";
        }

        string[] example = isPrimary ? [] : [.. Blocks(member, "example", CSharp)];
        foreach (string block in example.Length == 0 ? example : example.Prepend("**Example**"))
        {
            yield return block;
        }
    }

    // Leaves out the default of the interface if the option has its own default.
    private IEnumerable<string> Summary(MemberInfo member)
    {
        bool hasOwnDefault = _documentation.Own(member, "summary") is null
            && _documentation.Own(member, "remarks")?.Value.Contains("default", StringComparison.OrdinalIgnoreCase) == true;
        return Blocks(member, "summary").Select(block => hasOwnDefault ? InheritedDefault().Replace(block, "") : block);
    }

    private static ParameterInfo[] ParametersOf(MemberInfo member) => member switch
    {
        MethodBase method => method.GetParameters(),
        PropertyInfo property => property.GetIndexParameters(),
        _ => [],
    };

    private IEnumerable<string> Details(MemberInfo member, ParameterInfo[] parameters)
    {
        Type[] generics = member switch
        {
            MethodInfo { IsGenericMethod: true } method => method.GetGenericArguments(),
            Type type => type.GetGenericArguments(),
            _ => [],
        };
        if (Named("typeparam", member, generics.Select(generic => generic.Name)) is { } typeParameters)
        {
            yield return $"**Type parameters**\n\n{typeParameters}";
        }

        if (Named("param", member, parameters.Select(parameter => parameter.Name!)) is { } described)
        {
            yield return $"**Parameters**\n\n{described}";
        }

        string returns = _prose.Line(_documentation.Of(member, "returns") ?? _documentation.Of(member, "value"));
        if (returns.Length > 0)
        {
            yield return $"**Returns** {returns}";
        }

        string[] exceptions =
        [
            .. _documentation.Of(member).Elements("exception").Select(exception =>
                $"- {_links.To(exception.Attribute("cref")!.Value, _type)}: {_prose.Line(exception)}"),
        ];
        if (exceptions.Length > 0)
        {
            yield return $"**Exceptions**\n\n{string.Join('\n', exceptions)}";
        }
    }

    // The descriptions of the parameters, in their order. Inherited documentation may describe other parameters, which are left out.
    private string? Named(string element, MemberInfo member, IEnumerable<string> names)
    {
        Dictionary<string, XElement> described = _documentation.Of(member).Elements(element)
            .GroupBy(parameter => parameter.Attribute("name")!.Value, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);
        string[] lines = [.. names.Where(described.ContainsKey).Select(name => $"- `{name}`: {_prose.Line(described[name])}")];
        return lines.Length == 0 ? null : string.Join('\n', lines);
    }
}
