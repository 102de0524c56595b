using System.Reflection;
using System.Text.RegularExpressions;

namespace Optimizers.Tests;

/// <summary>Every name in docs/engine.md is the name of an existing type, member or folder.</summary>
[Trait("Category", "Documentation")]
public sealed partial class EnginePageTests
{
    private const BindingFlags Any =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;

    private static readonly Type[] _types = typeof(IOptimizer).Assembly.GetTypes();

    [Fact]
    public void EveryNameExists()
    {
        string[] names = [.. Text().SelectMany(line => Code().Matches(line)).Select(match => match.Groups[1].Value).Distinct()];
        names.Should().HaveCountGreaterThan(50).And.Contain("Kernel.Update");
        names.Where(name => !Exists(name)).Should().BeEmpty();
    }

    private static IEnumerable<string> Text()
    {
        string page = File.ReadAllText(Path.Combine(MarkdownPage.Root, "docs", "engine.md"));
        return page[..page.IndexOf("## What it costs", StringComparison.Ordinal)].Split('\n');
    }

    private static bool Exists(string name)
    {
        if (name.EndsWith('/'))
        {
            return Directory.Exists(Path.Combine(MarkdownPage.Root, name))
                || Directory.Exists(Path.Combine(MarkdownPage.Root, "src", "Optimizers", name));
        }

        string[] parts = name.Split('(')[0].Split('.');
        Type[] types = [.. _types.Where(type => type.Name.Split('`')[0] == parts[0])];
        return parts.Length == 1
            ? types.Length > 0 || _types.Any(type => type.GetMember(parts[0], Any).Length > 0)
            : Array.Exists(types, type => type.GetMembers(Any).Any(member => member.Name.Split('.')[^1] == parts[1]));
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
