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

        {TargetReport.GridOf(verdicts).ToMarkdown()}

        {string.Join('\n', TargetReport.Lines(verdicts).Select(line => $"- {line}"))}

        ## Measurements

        {MeasurementGrid.Of(results).ToMarkdown()}

        {string.Join('\n', results.Shortcomings.Select(line => $"- {line}"))}
        """;
}
