using Samples;

namespace FormatAccuracy;

/// <summary>The generated table of docs/memory.md, between two marks.</summary>
internal sealed class Page
{
    private const string Begin = "<!-- accuracy -->\n";
    private const string End = "<!-- /accuracy -->";

    private readonly string _path;
    private readonly string _before;
    private readonly string _after;

    /// <summary>Reads the page, and checks that it has the marks and can be written.</summary>
    /// <param name="folder">The folder of the page.</param>
    /// <exception cref="IOException">The page is missing, lacks a mark or cannot be written.</exception>
    public Page(DirectoryInfo folder)
    {
        _path = Path.Combine(folder.FullName, "memory.md");
        string page = File.ReadAllText(_path);
        int begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        int end = page.IndexOf(End, StringComparison.Ordinal);
        if (begin < Begin.Length || end < begin)
        {
            throw new IOException($"\"{_path}\" must contain the lines {Begin.TrimEnd()} and {End}, in this order.");
        }

        OutputFile.RequireWritable(_path);
        (_before, _after) = (page[..begin], page[end..]);
    }

    /// <summary>Replaces the table.</summary>
    public void Write(AccuracyTable table) => File.WriteAllText(_path, $"{_before}{table.ToMarkdown()}{_after}");
}
