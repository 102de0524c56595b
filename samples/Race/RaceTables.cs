using System.Globalization;
using Optimizers.Schedules;
using Samples;
using Spectre.Console;

namespace Race;

/// <summary>The tables on the console.</summary>
internal static class RaceTables
{
    public static Table Of(IReadOnlyList<Surface> surfaces, IReadOnlyList<IReadOnlyList<Descent>> descents)
    {
        string title = $"Steps until the value stays within {Number(Descent.Near)} of the minimum, or + and\nthe final distance from the minimum. Second line: the rate";
        bool allStay = descents.All(each => each.All(descent => descent.StaysInView));
        Table table = NewTable(allStay ? title : $"{title}\n* the path leaves the picture at every tried rate");
        foreach (Surface surface in surfaces)
        {
            table.AddColumn(new TableColumn(surface.Name).RightAligned().PadLeft(0).PadRight(1));
        }

        foreach (IGrouping<string, Descent> row in descents.SelectMany(each => each).GroupBy(descent => descent.Contender.Label))
        {
            table.AddRow([row.Key, .. row.Select(descent => $"{Result(descent)}{RateOf(descent.Contender, descent.Rate)}")]);
        }

        return table;
    }

    public static Table Of(IReadOnlyList<Lesson> lessons, int epochs)
    {
        Table table = NewTable($"Handwritten digits, after {Count.Of(epochs, "epoch")}");
        foreach (string column in new[] { "rate", "training loss", "test accuracy" })
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (Lesson lesson in lessons.OrderBy(lesson => double.IsNaN(lesson.Loss)).ThenBy(lesson => lesson.Loss))
        {
            table.AddRow(lesson.Contender.Label, Number(lesson.Rate), Invariant($"{lesson.Loss:F4}"), Invariant($"{lesson.Accuracy:F4}"));
        }

        return table;
    }

    private static Table NewTable(string title) =>
        new Table { Title = new TableTitle(Markup.Escape(title)), Border = TableBorder.Simple }.AddColumn(new TableColumn("optimizer").PadLeft(0).PadRight(1));

    private static string Result(Descent descent) =>
        (descent.StaysInView ? "" : "*")
        + (descent.Arrived is { } step ? Invariant($"{step}")
            : double.IsFinite(descent.Gap) ? Invariant($"+{descent.Gap:0.0e0}")
            : "diverged");

    private static string RateOf(Contender contender, double rate) => contender.IsMinimizer ? "" : $"\n[dim]{Number(rate)}[/]";

    private static string Number(double value) => value.ToString("0.#####", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
