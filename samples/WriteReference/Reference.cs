using System.Reflection;
using System.Xml.Linq;
using Optimizers;
using Optimizers.TorchSharp;

namespace WriteReference;

/// <summary>The API reference of some assemblies and the tables of their options.</summary>
internal sealed class Reference
{
    /// <summary>The command that writes the reference.</summary>
    public const string Command = "dotnet run -c Release --project samples/WriteReference -- docs/reference";

    private const string Folder = "reference/";
    private const string OptionsPage = "optimizers.md";

    private Reference(IReadOnlyDictionary<string, string> pages) => Pages = pages;

    /// <summary>The text of each page by its path from the folder docs, with forward slashes.</summary>
    public IReadOnlyDictionary<string, string> Pages { get; }

    /// <summary>The assemblies of the packages. The assembly of the package Optimizers is the first.</summary>
    public static IReadOnlyList<Assembly> Assemblies { get; } = [typeof(IOptimizer).Assembly, typeof(ModuleOptimizer).Assembly];

    /// <summary>Makes the reference of all packages from the XML documentation beside each assembly.</summary>
    public static Reference OfLibrary() => Of(Assemblies, DocumentOf);

    /// <summary>Makes the reference of one assembly.</summary>
    /// <param name="assembly">The assembly.</param>
    /// <param name="document">Its XML documentation.</param>
    public static Reference Of(Assembly assembly, XDocument document) => Of([assembly], _ => document);

    private static Reference Of(IReadOnlyList<Assembly> assemblies, Func<Assembly, XDocument> documentOf)
    {
        Type[] types =
        [
            .. assemblies.SelectMany(assembly => assembly.GetExportedTypes())
                .OrderBy(TypeNames.Of, StringComparer.OrdinalIgnoreCase).ThenBy(TypeNames.Of, StringComparer.Ordinal),
        ];
        Dictionary<Type, string> names = NamesOf(types);
        var documentation = new Documentation(assemblies, assemblies.Select(documentOf));
        var links = new Links(documentation, names, folder: "");
        var pages = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [$"{Folder}README.md"] = Index(types, documentation, links),
            [OptionsPage] = OptionTables.Page(types, documentation, new Links(documentation, names, Folder)),
        };
        foreach (Type type in types)
        {
            pages.Add($"{Folder}{names[type]}", new TypePage(type, documentation, links, types).Text());
        }

        return new Reference(pages);
    }

    /// <summary>The name of the package that a type needs in addition to the package Optimizers; null if it needs none.</summary>
    public static string? PackageOf(Type type) => type.Assembly == Assemblies[0] ? null : type.Assembly.GetName().Name;

    /// <summary>Joins the blocks of a page and adds a note that the page is generated.</summary>
    public static string Page(IEnumerable<string> blocks) =>
        $"{string.Join("\n\n", blocks)}\n\n---\n\nThis page is generated from the XML documentation. To change it, change the documentation in the "
        + $"source files and run `{Command}`.\n";

    /// <summary>Writes the pages and deletes the pages of removed types.</summary>
    /// <param name="folder">The folder of the reference. The page of options is written to the folder above it.</param>
    /// <returns>The number of pages.</returns>
    public int WriteInto(DirectoryInfo folder)
    {
        folder.Create();
        foreach (FileInfo old in folder.EnumerateFiles("*.md").Where(file => !Pages.ContainsKey($"{Folder}{file.Name}")).ToList())
        {
            old.Delete();
        }

        foreach ((string name, string text) in Pages)
        {
            string path = name.StartsWith(Folder, StringComparison.Ordinal)
                ? Path.Combine(folder.FullName, name[Folder.Length..])
                : Path.Combine(folder.FullName, "..", name);
            File.WriteAllText(path, text);
        }

        return Pages.Count;
    }

    // The name of a file contains the number of type parameters only if two types have the same name otherwise. Case does not
    // distinguish files, because some file systems ignore it.
    private static Dictionary<Type, string> NamesOf(Type[] types)
    {
        ILookup<string, Type> byName = types.ToLookup(PlainName, StringComparer.OrdinalIgnoreCase);
        Dictionary<Type, string> names = types.ToDictionary(
            type => type,
            type => byName[PlainName(type)].Count() == 1 ? $"{PlainName(type)}.md" : $"{type.FullName!.Replace('`', '-').Replace('+', '.')}.md");
        return names;
    }

    private static XDocument DocumentOf(Assembly assembly) =>
        XDocument.Load(Path.ChangeExtension(assembly.Location, "xml"), LoadOptions.PreserveWhitespace);

    private static string PlainName(Type type) => TypeNames.Of(type).Split('<')[0];

    private static string Index(Type[] types, Documentation documentation, Links links)
    {
        var prose = new Prose(links, page: null);
        IGrouping<string, Type>[] namespaces = [.. types.GroupBy(type => type.Namespace!, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)];
        return Page(
        [
            "# API reference",
            $"The library has {types.Length} public types in {namespaces.Length} namespaces. Each type has a page with its members. "
                + "[Options of optimizers, schedules and clips](../optimizers.md) are also in tables on one page.",
            string.Join('\n', namespaces.Select(group =>
                $"- [`{group.Key}`](#{Markdown.AnchorOf(group.Key)}): {group.Count()} types{(PackageOf(group.First()) is { } package ? $", in the package `{package}`" : "")}")),
            .. namespaces.SelectMany(group => new[]
            {
                $"## {group.Key}",
                Markdown.Table(
                    ["Type", "Summary"],
                    group.Select(type => new[] { Prose.AsCell(links.To(type, page: null)), Prose.AsCell(prose.FirstSentence(documentation.Of(type, "summary"))) })),
            }),
        ]);
    }
}
