namespace Optimizers.Tests;

public sealed class LineEndTests
{
    /// <summary>Messages and reports have the same bytes on all systems, so no text uses the line end of the system.</summary>
    [Fact]
    public void LibraryDoesNotUseEnvironmentNewLine()
    {
        string source = Path.Combine(MarkdownPage.Root, "src");
        IEnumerable<string> files = Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(source, path).Split(Path.DirectorySeparatorChar).Contains("obj"));
        files.Should().HaveCountGreaterThan(100);
        files.Where(path => File.ReadAllText(path) is var text
                && (text.Contains("Environment.NewLine", StringComparison.Ordinal) || text.Contains("AppendLine", StringComparison.Ordinal)))
            .Should().BeEmpty();
    }
}
