using System.Globalization;
using System.Runtime.InteropServices;
using Optimizers.Engine;

namespace Optimizers.Benchmarks;

/// <summary>What the numbers were measured on.</summary>
internal static class Machine
{
    /// <summary>The processor's name, as Linux has it.</summary>
    public static string Processor =>
        InfoOf("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();

    /// <summary>The processor's name as that of a file.</summary>
    public static string Slug => string.Join('-', string
        .Concat(Processor.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : ' '))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>In bytes, without what others use.</summary>
    public static long AvailableMemory
    {
        get
        {
            long ofProcess = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
            string? ofSystem = InfoOf("/proc/meminfo", "MemAvailable")?.Split(' ')[0];
            return ofSystem is null ? ofProcess : Math.Min(ofProcess, 1024 * long.Parse(ofSystem, CultureInfo.InvariantCulture));
        }
    }

    /// <summary>All of it, in lines.</summary>
    public static IReadOnlyList<string> Description { get; } =
    [
        $"processor: {Processor}, {Environment.ProcessorCount} cores",
        $"vectors: {Kernel.WidestLane * 32} bits",
        $"runtime: {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}",
        $"date: {DateTime.UtcNow:yyyy-MM-dd}",
        $"load before: {Load}",
    ];

    // What others take of a core is missing from a row with as many threads as there are cores.
    private static string Load => File.Exists("/proc/loadavg")
        ? $"{File.ReadAllText("/proc/loadavg").Split(' ')[0]} processes that wanted a core, on average of the last minute"
        : "unknown";

    private static string? InfoOf(string file, string name) => !File.Exists(file)
        ? null
        : File.ReadLines(file)
            .Where(line => line.StartsWith(name, StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
            .FirstOrDefault();
}
