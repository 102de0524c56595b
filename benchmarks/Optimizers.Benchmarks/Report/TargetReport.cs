namespace Optimizers.Benchmarks;

/// <summary>Reports the targets of a run: a table, and a line for each cell that missed its target or was not measured.</summary>
internal static class TargetReport
{
    public static Grid GridOf(IReadOnlyList<Verdict> verdicts) => new(
        [("target", false), ("verdict", false), ("worst cell", false)],
        [
            .. verdicts.Select(verdict => new[]
            {
                verdict.Target.Stretch ? $"stretch: {verdict.Target.Text}" : verdict.Target.Text,
                verdict.Word,
                verdict.Worst?.ToString() ?? "",
            }),
        ]);

    public static IEnumerable<string> Lines(IReadOnlyList<Verdict> verdicts) =>
    [
        .. from verdict in verdicts
           from reading in verdict.Readings
           where !reading.Met
           select $"{verdict.Word}: {verdict.Target.Text}: {reading}",
        .. from verdict in verdicts
           where verdict.Missing.Count > 0 || verdict.Readings.Count == 0
           select $"not measured: {verdict.Target.Text}{(verdict.Target is TargetElsewhere other ? $" (use {other.Where})" : NamesOf(verdict.Missing))}",
    ];

    private static string NamesOf(IReadOnlyList<Cell> cells)
    {
        IEnumerable<string> groups = cells
            .GroupBy(cell => (cell.Work, cell.Contender, cell.N))
            .Select(group =>
                $"{string.Join(", ", group.Select(cell => cell.Subject).Distinct())} {group.Key.Work}, {group.Key.Contender}, n = {group.Key.N:N0}");
        return cells.Count == 0 ? "" : $" ({string.Join("; ", groups)})";
    }
}
