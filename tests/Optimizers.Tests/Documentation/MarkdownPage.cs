namespace Optimizers.Tests;

/// <summary>A Markdown page of the repository.</summary>
/// <param name="Name">The path from the root of the repository, with forward slashes.</param>
/// <param name="Lines">Its lines, without line ends.</param>
internal sealed record MarkdownPage(string Name, IReadOnlyList<string> Lines)
{
    private const string Fence = "```";

    public static string Root { get; } = FindRoot();

    public static MarkdownPage Readme => Read("README.md");

    public static MarkdownPage Read(string name) => new(name, File.ReadAllLines(Path.Combine(Root, name)));

    /// <summary>Every page of the repository, except in hidden folders and in folders with build output.</summary>
    public static IEnumerable<MarkdownPage> All() =>
        Directory.EnumerateFiles(Root, "*.md", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(name => !name.Split('/')[..^1].Any(folder => folder.StartsWith('.') || folder is "bin" or "obj" or "artifacts"))
            .Order(StringComparer.Ordinal)
            .Select(Read);

    /// <summary>The fenced blocks, in the order of the page.</summary>
    public IReadOnlyList<FencedBlock> Blocks()
    {
        var blocks = new List<FencedBlock>();
        int? opening = null;
        for (int i = 0; i < Lines.Count; i++)
        {
            if (!Lines[i].StartsWith(Fence, StringComparison.Ordinal))
            {
                continue;
            }

            if (opening is { } start)
            {
                blocks.Add(new FencedBlock(this, Lines[start][Fence.Length..].Trim(), start, Lines.Take(i).Skip(start + 1).ToArray()));
                opening = null;
            }
            else
            {
                opening = i;
            }
        }

        opening.Should().BeNull($"the block that begins in line {opening + 1} of {Name} must have an end");
        return blocks;
    }

    /// <summary>The lines outside fenced blocks, each with its line number. The first line is 1.</summary>
    public IEnumerable<(int Number, string Text)> Prose()
    {
        bool inside = false;
        for (int i = 0; i < Lines.Count; i++)
        {
            bool fence = Lines[i].StartsWith(Fence, StringComparison.Ordinal);
            inside ^= fence;
            if (!inside && !fence)
            {
                yield return (i + 1, Lines[i]);
            }
        }
    }

    /// <summary>The rows of the table whose first column has this heading. The cells are trimmed and have no backticks.</summary>
    public IReadOnlyList<string[]> Table(string firstHeading) =>
        Lines.SkipWhile(line => !line.StartsWith($"| {firstHeading} |", StringComparison.Ordinal))
            .Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Trim('|').Split('|').Select(cell => cell.Replace("`", "", StringComparison.Ordinal).Trim()).ToArray())
            .ToArray();

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Optimizers.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"There is no Optimizers.sln above {AppContext.BaseDirectory}.");
    }
}

/// <summary>A fenced block.</summary>
/// <param name="Page">The page of the block.</param>
/// <param name="Language">The language after the opening fence.</param>
/// <param name="Opening">The index of the line with the opening fence. The first line is 0.</param>
/// <param name="Lines">The lines between the fences.</param>
internal sealed record FencedBlock(MarkdownPage Page, string Language, int Opening, IReadOnlyList<string> Lines)
{
    /// <summary>The number of the first line between the fences. The first line of the page is 1.</summary>
    public int FirstLine => Opening + 2;

    /// <summary>Whether the block is a complete C# program, which a test compiles and runs.</summary>
    public bool IsProgram => Language == "csharp";

    /// <summary>Whether the block uses TorchSharp. Only the tests of the package Optimizers.TorchSharp run such programs.</summary>
    public bool UsesTorchSharp => Lines.Any(line => line is "using TorchSharp;" or "using Optimizers.TorchSharp;");

    public string Text => string.Join('\n', Lines);

    public override string ToString() => $"{Page.Name}:{FirstLine}";
}
