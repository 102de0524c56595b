using System.Text.Json;

namespace Optimizers.Benchmarks;

/// <summary>Writes the measurements as JSON.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static string Of(Results results) => JsonSerializer.Serialize(
        results.Measurements.Select(m => new Row(
            m.Cell.What,
            m.Cell.N,
            m.Cell.Tensors,
            m.Cell.Threads,
            m.Cell.Contender,
            m.NanosecondsPerParameter,
            m.Timing.Median / m.Cell.N,
            m.GigabytesPerSecond,
            m.Timing.AllocatedBytes)),
        _options);

    private sealed record Row(
        string What,
        long N,
        int Tensors,
        int Threads,
        string Contender,
        double NanosecondsPerParameter,
        double MedianNanosecondsPerParameter,
        double GigabytesPerSecond,
        double? AllocatedBytes);
}
