using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace WriteReference;

/// <summary>Turns elements of XML documentation into Markdown.</summary>
/// <param name="links">The targets of references.</param>
/// <param name="page">The type whose page contains the text. Null: another page.</param>
internal sealed partial class Prose(Links links, Type? page)
{
    /// <summary>Escapes the characters of a text that have a meaning in Markdown.</summary>
    public static string Escape(string text) => Special().Replace(text, @"\$0");

    /// <summary>The content as one line.</summary>
    public string Line(XElement? element) =>
        element is null ? "" : Space().Replace(string.Concat(element.Nodes().Select(Inline)), " ").Trim();

    /// <summary>The content as one cell of a table.</summary>
    public string Cell(XElement? element) => AsCell(Line(element));

    /// <summary>A line as one cell of a table.</summary>
    public static string AsCell(string line) => Bar().Replace(line, @"\|");

    /// <summary>The first sentence of the content.</summary>
    public string FirstSentence(XElement? element) => SentenceEnd().Split(Line(element), 2)[0];

    /// <summary>The content as blocks: paragraphs, lists and code.</summary>
    /// <param name="element">The element.</param>
    /// <param name="language">The language of its code.</param>
    public IEnumerable<string> Blocks(XElement? element, string language)
    {
        var line = new StringBuilder();
        foreach (XNode node in element?.Nodes() ?? [])
        {
            string? block = node is XElement inner
                ? inner.Name.LocalName switch
                {
                    "para" => string.Join("\n\n", Blocks(inner, language)),
                    "code" => Code(inner.Value, language),
                    "list" => List(inner),
                    _ => null,
                }
                : null;
            if (block is null)
            {
                line.Append(Inline(node));
                continue;
            }

            if (Take(line) is { } before)
            {
                yield return before;
            }

            yield return block;
        }

        if (Take(line) is { } last)
        {
            yield return last;
        }
    }

    /// <summary>A fenced block.</summary>
    public static string Code(string text, string language)
    {
        string[] lines = [.. text.ReplaceLineEndings("\n").Trim('\n').Split('\n').Select(line => line.TrimEnd())];
        int indent = lines.Where(line => line.Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty().Min();
        IEnumerable<string> content = lines.Select(line => line.Length == 0 ? "" : line[indent..]);
        return $"```{language}\n{string.Join('\n', content).Trim('\n')}\n```";
    }

    private static string? Take(StringBuilder line)
    {
        string text = Space().Replace(line.ToString(), " ").Trim();
        line.Clear();
        return text.Length == 0 ? null : text;
    }

    private string List(XElement list)
    {
        bool numbered = list.Attribute("type")?.Value == "number";
        return string.Join('\n', list.Elements("item").Select((item, i) => $"{(numbered ? $"{i + 1}." : "-")} {Item(item)}"));
    }

    private string Item(XElement item) =>
        item.Element("term") is { } term && item.Element("description") is { } description
            ? $"{Line(term)}: {Line(description)}"
            : Line(item);

    private string Inline(XNode node) => node switch
    {
        XText text => Escape(text.Value),
        XElement element => element.Name.LocalName switch
        {
            "c" or "code" => $"`{Space().Replace(element.Value, " ").Trim()}`",
            "paramref" or "typeparamref" => $"`{element.Attribute("name")!.Value}`",
            "see" or "seealso" => See(element),
            _ => string.Concat(element.Nodes().Select(Inline)),
        },
        _ => "",
    };

    private string See(XElement see)
    {
        string content = string.Concat(see.Nodes().Select(Inline));
        if (see.Attribute("cref")?.Value is { } reference)
        {
            return links.To(reference, page, content);
        }

        return see.Attribute("href")?.Value is { } address
            ? $"[{(content.Length == 0 ? address : content)}]({address})"
            : $"`{see.Attribute("langword")?.Value}`";
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"[\\`*\[\]<>|~#]|\b_|_\b")]
    private static partial Regex Special();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Bar();

    // The end of a sentence: a full stop after a lower-case word or a bracket, followed by a capital letter or a link. The full stop of
    // "et al." before a year is not the end of a sentence.
    [GeneratedRegex(@"(?<=[\p{L}\p{N}\)`]\.)\s+(?=[\p{Lu}\[`])")]
    private static partial Regex SentenceEnd();
}

/// <summary>The targets of references: pages of the API reference, or none.</summary>
internal sealed class Links
{
    private readonly Documentation _documentation;
    private readonly IReadOnlyDictionary<Type, string> _pages;
    private readonly string _folder;

    /// <summary>Makes links.</summary>
    /// <param name="documentation">The documentation, which finds members by their ids.</param>
    /// <param name="pages">The name of each type's page.</param>
    /// <param name="folder">The path from the page with the link to the pages: empty, or with a slash at its end.</param>
    public Links(Documentation documentation, IReadOnlyDictionary<Type, string> pages, string folder)
    {
        _documentation = documentation;
        _pages = pages;
        _folder = folder;
    }

    /// <summary>A link to the type or member with an id, or only its name if it has no page.</summary>
    public string To(string id, Type? page, string content = "")
    {
        MemberInfo? member = _documentation.Find(id);
        string text = content.Length > 0 ? content : $"`{(member is null ? NameOf(id) : NameOf(member, page))}`";
        return member is null || Target(member, page) is not { } target ? text : $"[{text}]({target})";
    }

    /// <summary>A link to a type, or only its name if it has no page.</summary>
    public string To(Type type, Type? page)
    {
        string text = $"`{TypeNames.Of(type)}`";
        Type definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        return definition == page || !_pages.TryGetValue(definition, out string? name) ? text : $"[{text}]({_folder}{name})";
    }

    private string? Target(MemberInfo member, Type? page)
    {
        Type owner = member as Type ?? member.DeclaringType!;
        if (!_pages.TryGetValue(owner, out string? name))
        {
            return null;
        }

        bool isHere = owner == page;
        if (member is Type)
        {
            return isHere ? null : $"{_folder}{name}";
        }

        // The values of an enumeration are rows of a table, without titles.
        return !owner.IsEnum && Members.Of(owner, _documentation).Contains(member)
            ? $"{(isHere ? "" : $"{_folder}{name}")}#{Members.Anchor(member)}"
            : isHere ? null : $"{_folder}{name}";
    }

    private static string NameOf(MemberInfo member, Type? page)
    {
        if (member is Type type)
        {
            return TypeNames.Of(type);
        }

        string owner = TypeNames.Of(member.DeclaringType!);
        return member is ConstructorInfo ? owner : member.DeclaringType == page ? member.Name : $"{owner}.{member.Name}";
    }

    // T:System.Collections.Generic.List`1 as List, M:System.String.Format(System.String) as String.Format.
    private static string NameOf(string id)
    {
        if (id[0] == 'T' && Type.GetType(id[2..]) is { } type)
        {
            return TypeNames.Of(type);
        }

        string[] parts = id[2..].Split('(')[0].Split('.');
        int count = id[0] == 'T' ? 1 : 2;
        return string.Join('.', parts.TakeLast(count).Select(part => part.Split('`')[0]));
    }
}
