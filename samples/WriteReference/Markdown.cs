namespace WriteReference;

/// <summary>Pieces of Markdown.</summary>
internal static class Markdown
{
    /// <summary>A table.</summary>
    /// <param name="headings">The headings of its columns.</param>
    /// <param name="rows">The cells of each row, escaped.</param>
    public static string Table(IReadOnlyCollection<string> headings, IEnumerable<IEnumerable<string>> rows) =>
        string.Join('\n', [Row(headings), $"|{string.Concat(Enumerable.Repeat("---|", headings.Count))}", .. rows.Select(Row)]);

    /// <summary>The anchor that Git hosts give to a heading.</summary>
    public static string AnchorOf(string heading) => string.Concat(heading
        .Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')
        .Select(c => c == ' ' ? '-' : char.ToLowerInvariant(c)));

    private static string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";
}
