using System.Globalization;
using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>The measurements as a table.</summary>
internal static class MeasurementTable
{
    private static readonly (string Heading, bool IsNumber, Func<Results, Measurement, string> Text)[] _columns =
    [
        ("what", false, (_, m) => m.Cell.What),
        ("n", true, (_, m) => $"{m.Cell.N:N0}"),
        ("tensors", true, (_, m) => $"{m.Cell.Tensors}"),
        ("threads", true, (_, m) => $"{m.Cell.Threads}"),
        ("contender", false, (_, m) => m.Cell.Contender),
        ("ns/parameter", true, (_, m) => Number(m.NanosecondsPerParameter, "F3")),
        ("GB/s", true, (_, m) => Number(m.GigabytesPerSecond, "F1")),
        ("of the roof", true, (results, m) => results.ShareOfRoof(m) is { } share ? Number(100 * share, "F0") + " %" : ""),
        ("ratio to C", true, (results, m) => results.RatioToC(m) is { } ratio ? Number(ratio, "F2") : ""),
        ("allocated", true, (_, m) => Number(m.Timing.AllocatedBytes, "0.#")),
    ];

    public static Table Of(Results results, TableBorder border) =>
        Of(results, border, _columns);

    /// <summary>The columns that docs/engine.md has.</summary>
    public static Table Short(Results results) => Of(
        results,
        TableBorder.Markdown,
        _columns.Where(column => column.Heading is not ("GB/s" or "of the roof" or "allocated")));

    private static Table Of(
        Results results,
        TableBorder border,
        IEnumerable<(string Heading, bool IsNumber, Func<Results, Measurement, string> Text)> columns)
    {
        Table table = new Table().Border(border);
        foreach ((string heading, bool isNumber, _) in columns)
        {
            table.AddColumn(heading, column => column.Alignment(isNumber ? Justify.Right : Justify.Left).NoWrap());
        }

        foreach (Measurement measurement in results.Measurements)
        {
            table.AddRow([.. columns.Select(column => Markup.Escape(column.Text(results, measurement)))]);
        }

        return table;
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
