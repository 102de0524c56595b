using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>A table for a terminal and for a Markdown page.</summary>
/// <param name="Headings">The names of the columns, and whether a column has numbers.</param>
/// <param name="Rows">The texts of the cells.</param>
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
