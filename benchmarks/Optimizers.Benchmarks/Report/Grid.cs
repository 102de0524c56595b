using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>A table that can be shown on a terminal and written into a page.</summary>
/// <param name="Headings">The columns, and whether they hold numbers.</param>
/// <param name="Rows">The texts.</param>
internal sealed record Grid(IReadOnlyList<(string Name, bool IsNumber)> Headings, IReadOnlyList<string[]> Rows)
{
    public Table ToTable()
    {
        Table table = new Table().RoundedBorder();
        foreach ((string name, bool isNumber) in Headings)
        {
            table.AddColumn(name, column => column.Alignment(isNumber ? Justify.Right : Justify.Left));
        }

        foreach (string[] row in Rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        return table;
    }

    public string ToMarkdown() => string.Join(
        '\n',
        [
            Line(Headings.Select(heading => heading.Name)),
            Line(Headings.Select(heading => heading.IsNumber ? "--:" : "---")),
            .. Rows.Select(Line),
        ]);

    private static string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";
}
