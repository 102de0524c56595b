namespace Optimizers.Benchmarks;

/// <summary>Writes a run as a Markdown page with the machine, the targets and the measurements.</summary>
internal static class MarkdownReport
{
    /// <summary>The path of the page of this machine, relative to the root of the repository.</summary>
    /// <param name="suffix">The end of the file's name.</param>
    public static string DefaultFile(string suffix = "") =>
        Path.Combine("benchmarks", "Optimizers.Benchmarks", "Results", $"{Machine.Slug}{suffix}.md");

    public static string Of(Results results, Grid measurements, IReadOnlyList<Verdict> verdicts) =>
        $"""
        # {Machine.Processor}

        {string.Join('\n', Machine.Description.Select(line => $"- {line}"))}

        ## Targets

        {TargetReport.GridOf(verdicts).ToMarkdown()}

        {string.Join('\n', TargetReport.Lines(verdicts).Select(line => $"- {line}"))}

        ## Measurements

        {measurements.ToMarkdown()}

        {string.Join('\n', results.Shortcomings.Select(line => $"- {line}"))}
        """;
}
