using System.Text.RegularExpressions;

namespace Optimizers.Tests;

/// <summary>Every relative link in a Markdown page leads to an existing file and heading.</summary>
[Trait("Category", "Documentation")]
public sealed partial class LinkTests
{
    public static TheoryData<string> Pages() => [.. MarkdownPage.All().Select(page => page.Name)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryRelativeLinkResolves(string name)
    {
        MarkdownPage page = MarkdownPage.Read(name);
        foreach ((int number, string text) in page.Prose())
        {
            foreach (Match link in Link().Matches(text))
            {
                string target = link.Groups["target"].Value;
                if (!target.Contains(':', StringComparison.Ordinal))
                {
                    Resolves(page, target).Should().BeTrue("{0}:{1} links to {2}", name, number, target);
                }
            }
        }
    }

    [Fact]
    public void PagesHaveManyRelativeLinks() => MarkdownPage.All()
        .Sum(page => page.Prose().Sum(line => Link().Matches(line.Text).Count(link => !link.Groups["target"].Value.Contains(':', StringComparison.Ordinal))))
        .Should().BeGreaterThan(50);

    [Theory]
    [InlineData("docs/missing.md", false)]
    [InlineData("README.md#no-such-heading", false)]
    [InlineData("LICENSE", true)]
    [InlineData("src/Optimizers", true)]
    [InlineData("README.md#optimizers", true)]
    public void LinkResolvesIfItsFileAndHeadingExist(string target, bool expected) =>
        Resolves(MarkdownPage.Readme, target).Should().Be(expected);

    private static bool Resolves(MarkdownPage page, string target)
    {
        string[] parts = target.Split('#', 2);
        string folder = Path.GetDirectoryName(page.Name)!;
        string name = parts[0].Length == 0 ? page.Name : Path.Combine(folder, parts[0]);
        string path = Path.Combine(MarkdownPage.Root, name);
        return parts.Length == 1
            ? Path.Exists(path)
            : File.Exists(path) && MarkdownPage.Read(name).Prose().Any(line => Anchor(line.Text) == parts[1]);
    }

    // The rule of Git hosts: lower case, no punctuation, and hyphens instead of spaces.
    private static string? Anchor(string line) => line.StartsWith('#')
        ? string.Concat(line.TrimStart('#').Trim().ToLowerInvariant()
            .Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')
            .Select(c => c == ' ' ? '-' : c))
        : null;

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
