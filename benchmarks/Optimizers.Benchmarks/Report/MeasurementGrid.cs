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

    private static readonly (string Name, bool IsNumber, Func<Results, Measurement, string> Text)[] _torchColumns =
    [
        .. _columns[..5],
        ("ns/parameter", true, (_, m) => Number(m.NanosecondsPerParameter, "F3")),
        ("median", true, (_, m) => Number(m.Timing.Median / m.Cell.N, "F3")),
        ("times the library", true, (results, m) => Number(m.Timing.Nanoseconds / results.LibraryOf(m)?.Timing.Nanoseconds, "F2")),
        ("in half of the rounds", true, Spread),
        ("bytes allocated", true, (_, m) => Number(m.Timing.AllocatedBytes, "0.#")),
    ];

    public static Grid Of(Results results) => Of(results, _columns);

    /// <summary>Makes the table of compare --torch: minimum, median, and the ratio of each rival to the library with its quartiles.</summary>
    public static Grid Torch(Results results) => Of(results, _torchColumns);

    /// <summary>Makes the table with only the columns of docs/engine.md.</summary>
    public static Grid Short(Results results) => Of(results, _columns[..7]);

    private static Grid Of(Results results, (string Name, bool IsNumber, Func<Results, Measurement, string> Text)[] columns) => new(
        [.. columns.Select(column => (column.Name, column.IsNumber))],
        [.. results.Measurements.Select(measurement => columns.Select(column => column.Text(results, measurement)).ToArray())]);

    private static string Spread(Results results, Measurement rival)
    {
        if (results.LibraryOf(rival) is not { } library)
        {
            return "";
        }

        (double lower, double upper) = rival.Timing.RatiosTo(library.Timing, 0.25, 0.75);
        return $"{Number(lower, "F2")} to {Number(upper, "F2")}";
    }

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
