namespace Optimizers.Benchmarks;

/// <summary>Writes a run as a Markdown page with the machine, the targets and the measurements.</summary>
internal static class MarkdownReport
{
    /// <summary>The path of the page of this machine, relative to the root of the repository.</summary>
    public static string DefaultFile => Path.Combine("benchmarks", "Optimizers.Benchmarks", "Results", $"{Machine.Slug}.md");

    public static string Of(Results results, IReadOnlyList<Verdict> verdicts) =>
        $"""
        # {Machine.Processor}

        {string.Join('\n', Machine.Description.Select(line => $"- {line}"))}

        ## Targets

        {TargetReport.GridOf(verdicts).ToMarkdown()}

        {string.Join('\n', TargetReport.Lines(verdicts).Select(line => $"- {line}"))}

        ## Measurements

        {MeasurementGrid.Of(results).ToMarkdown()}

        {string.Join('\n', results.Shortcomings.Select(line => $"- {line}"))}
        """;
}
