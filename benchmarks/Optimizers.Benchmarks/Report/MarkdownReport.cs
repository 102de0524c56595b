using Spectre.Console;
using Spectre.Console.Rendering;

namespace Optimizers.Benchmarks;

/// <summary>A run as a page: the machine, the targets, the measurements.</summary>
internal static class MarkdownReport
{
    /// <summary>Where the page of this machine is kept, seen from the repository's folder.</summary>
    public static string DefaultFile => Path.Combine("benchmarks", "Optimizers.Benchmarks", "Results", $"{Machine.Slug}.md");

    public static string Of(Results results, IReadOnlyList<Verdict> verdicts) =>
        $"""
        # {Machine.Processor}

        {string.Join('\n', Machine.Description.Select(line => $"- {line}"))}

        ## Targets

        {Text(TargetReport.TableOf(verdicts, TableBorder.Markdown))}
        {string.Join('\n', TargetReport.Lines(verdicts).Select(line => $"- {line}"))}

        ## Measurements

        {Text(MeasurementTable.Of(results, TableBorder.Markdown))}
        """;

    private static string Text(IRenderable table)
    {
        using var writer = new StringWriter();
        Terminal.Into(writer).Write(table);
        return writer.ToString();
    }
}
