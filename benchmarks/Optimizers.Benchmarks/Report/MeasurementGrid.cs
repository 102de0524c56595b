using System.Globalization;

namespace Optimizers.Benchmarks;

/// <summary>Makes the table of measurements.</summary>
internal static class MeasurementGrid
{
    private static readonly (string Name, bool IsNumber, Func<Results, Measurement, string> Text)[] _columns =
    [
        ("what", false, (_, m) => m.Cell.What),
        ("n", true, (_, m) => m.Cell.N.ToString("N0", CultureInfo.InvariantCulture)),
        ("tensors", true, (_, m) => $"{m.Cell.Tensors}"),
        ("threads", true, (_, m) => $"{m.Cell.Threads}"),
        ("contender", false, (_, m) => m.Cell.Contender),
        ("ns/parameter", true, (_, m) => Number(m.NanosecondsPerParameter, "F3")),
        ("ratio to C", true, (results, m) => Number(results.RatioToC(m), "F2")),
        ("GB/s", true, (_, m) => Number(m.GigabytesPerSecond, "F1")),
        ("% of the roof", true, (results, m) => Number(100 * results.ShareOfRoof(m), "F0")),
        ("bytes allocated", true, (_, m) => Number(m.Timing.AllocatedBytes, "0.#")),
    ];

    public static Grid Of(Results results) => Of(results, _columns);

    /// <summary>Makes the table with only the columns of docs/engine.md.</summary>
    public static Grid Short(Results results) => Of(results, _columns[..7]);

    private static Grid Of(Results results, (string Name, bool IsNumber, Func<Results, Measurement, string> Text)[] columns) => new(
        [.. columns.Select(column => (column.Name, column.IsNumber))],
        [.. results.Measurements.Select(measurement => columns.Select(column => column.Text(results, measurement)).ToArray())]);

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
