using System.Globalization;
using System.Runtime.InteropServices;
using Optimizers.Engine;

namespace Optimizers.Benchmarks;

/// <summary>The machine of the measurements.</summary>
internal static class Machine
{
    /// <summary>The name of the processor, as Linux reports it.</summary>
    public static string Processor =>
        InfoOf("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();

    /// <summary>The name of the processor as a file name.</summary>
    public static string Slug => string.Join('-', string
        .Concat(Processor.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : ' '))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The available memory in bytes, without the memory that other processes use.</summary>
    public static long AvailableMemory
    {
        get
        {
            long ofProcess = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
            string? ofSystem = InfoOf("/proc/meminfo", "MemAvailable")?.Split(' ')[0];
            return ofSystem is null ? ofProcess : Math.Min(ofProcess, 1024 * long.Parse(ofSystem, CultureInfo.InvariantCulture));
        }
    }

    /// <summary>The description of the machine, in lines.</summary>
    public static IReadOnlyList<string> Description { get; } =
    [
        $"processor: {Processor}, {Environment.ProcessorCount} cores",
        $"vectors: {Kernel.WidestLane * 32} bits",
        $"runtime: {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}",
        $"date: {DateTime.UtcNow:yyyy-MM-dd}",
        $"load before: {Load}",
    ];

    // The load matters, because other processes slow down rows with as many threads as cores.
    private static string Load => File.Exists("/proc/loadavg")
        ? $"{File.ReadAllText("/proc/loadavg").Split(' ')[0]} processes that wanted a core, average of the last minute"
        : "unknown";

    private static string? InfoOf(string file, string name) => !File.Exists(file)
        ? null
        : File.ReadLines(file)
            .Where(line => line.StartsWith(name, StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
            .FirstOrDefault();
}
