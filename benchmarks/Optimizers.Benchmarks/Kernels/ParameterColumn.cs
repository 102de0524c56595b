using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Optimizers.Benchmarks;

/// <summary>
/// A column that is computed from the shortest time of a benchmark and from its parameters. The command <c>compare</c> uses the shortest time as well.
/// </summary>
/// <param name="name">The heading of the column.</param>
/// <param name="legend">The legend of the column.</param>
/// <param name="value">Computes the number from the shortest time in nanoseconds.</param>
internal sealed class ParameterColumn(string name, string legend, Func<double, BenchmarkCase, double> value) : IColumn
{
    public string Id => name;

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => legend;

    public static ParameterColumn NanosecondsPerParameter { get; } = new(
        "ns/parameter", "Shortest time divided by the number of parameters", (shortest, benchmark) => shortest / LengthOf(benchmark));

    public static ParameterColumn GigabytesPerSecond { get; } = new(
        "GB/s", "Bytes that a step must read and write, divided by the shortest time", (shortest, benchmark) => BytesOf(benchmark) * LengthOf(benchmark) / shortest);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        summary[benchmarkCase]?.ResultStatistics is { } statistics
            ? value(statistics.Min, benchmarkCase).ToString("F3", CultureInfo.InvariantCulture)
            : "?";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    private static int LengthOf(BenchmarkCase benchmark) => (int)benchmark.Parameters[nameof(StepBenchmarks.Length)];

    private static double BytesOf(BenchmarkCase benchmark)
    {
        OptimizerRow row = Catalogue.Row((string)benchmark.Parameters[nameof(StepBenchmarks.Optimizer)]);
        return benchmark.Descriptor.Type == typeof(PhaseBenchmarks) ? row.BytesOfPhase : row.BytesOfStep;
    }
}
