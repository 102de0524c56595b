namespace WriteReference;

/// <summary>Pieces of Markdown.</summary>
internal static class Markdown
{
    /// <summary>A table.</summary>
    /// <param name="headings">The headings of its columns.</param>
    /// <param name="rows">The cells of each row, escaped.</param>
    public static string Table(IReadOnlyCollection<string> headings, IEnumerable<IEnumerable<string>> rows) =>
        string.Join('\n', [Row(headings), $"|{string.Concat(Enumerable.Repeat("---|", headings.Count))}", .. rows.Select(Row)]);

    private static string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";
}
