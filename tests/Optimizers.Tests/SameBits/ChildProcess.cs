using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Optimizers.Tests;

/// <summary>
/// The test assembly as a program. It runs the golden suite and reports on its processor, prints the path of a step, compares
/// pinned bits, or saves until it is killed.
/// Vector widths are chosen when a process starts, so each choice needs its own process.
/// </summary>
internal static class ChildProcess
{
    public static int Main(string[] arguments)
    {
        if (arguments is [KillTests.SaveArgument, string path])
        {
            KillTests.SaveForEver(path);
        }

        if (arguments is [StepPath.Argument, string level])
        {
            StepPath.Print(level);
            return 0;
        }

        if (arguments is [PinnedBitsTests.Argument])
        {
            return PinnedBitsTests.Report();
        }

        IReadOnlyList<string> failures = GoldenSuite.Failures();
        foreach (string failure in failures)
        {
            Console.Error.WriteLine(failure);
        }

        Console.WriteLine(ProcessorReport.OfThisProcess());
        return failures.Count == 0 ? 0 : 1;
    }

    /// <summary>Runs <see cref="Main"/> in a new process with one switch of the runtime off.</summary>
    /// <returns>The exit code, and what was written to each stream.</returns>
    public static Task<(int ExitCode, string Output, string Errors)> RunWithout(string runtimeSwitch) => RunWith(runtimeSwitch, "0");

    /// <summary>Runs <see cref="Main"/> in a new process with one switch of the runtime set.</summary>
    /// <returns>The exit code, and what was written to each stream.</returns>
    public static async Task<(int ExitCode, string Output, string Errors)> RunWith(
        string runtimeSwitch, string value, params string[] arguments)
    {
        ProcessStartInfo start = StartInfo(arguments);
        start.Environment[runtimeSwitch] = value;
        return await Run(start);
    }

    /// <summary>Runs <see cref="Main"/> in a new process that reports no dynamic code, like a native program.</summary>
    /// <returns>The exit code, and what was written to each stream.</returns>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsNative(params string[] arguments)
    {
        string configuration = Path.ChangeExtension(typeof(ChildProcess).Assembly.Location, "runtimeconfig.json");
        var json = JsonNode.Parse(await File.ReadAllTextAsync(configuration))!;
        json["runtimeOptions"]!["configProperties"]!["System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported"] = false;
        using var folder = new TemporaryFolder();
        string native = folder["native.runtimeconfig.json"];
        await File.WriteAllTextAsync(native, json.ToJsonString());
        ProcessStartInfo start = StartInfo(arguments);
        start.ArgumentList.Insert(1, "--runtimeconfig");
        start.ArgumentList.Insert(2, native);
        return await Run(start);
    }

    private static async Task<(int ExitCode, string Output, string Errors)> Run(ProcessStartInfo start)
    {
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Starts <see cref="Main"/> in a new process with the given arguments.</summary>
    public static Process Start(params string[] arguments) => Process.Start(StartInfo(arguments))!;

    private static ProcessStartInfo StartInfo(params string[] arguments) =>
        new(Host(), ["exec", typeof(ChildProcess).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

    // The runtime of this process is in shared/Microsoft.NETCore.App/VERSION below its host; PATH may contain another.
    private static string Host() => Path.GetFullPath(Path.Combine(
        RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
}
