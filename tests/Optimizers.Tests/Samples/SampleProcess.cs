using System.Diagnostics;

namespace Optimizers.Tests.Samples;

/// <summary>Runs a sample as a user does, in its own process and its own folder.</summary>
internal sealed class SampleProcess : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sample");

    /// <summary>The full path of a file in the folder of the sample.</summary>
    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public IReadOnlyList<string> Files => [.. _folder.EnumerateFiles().Select(file => file.Name)];

    public SampleResult Run(string sample, params string[] arguments)
    {
        using Process process = Start(sample, arguments);
        return ResultOf(process);
    }

    /// <summary>Starts a sample and does not wait for its end. <see cref="ResultOf"/> waits.</summary>
    public Process Start(string sample, params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{sample}.dll"), .. arguments])
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    public static SampleResult ResultOf(Process process)
    {
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new SampleResult(process.ExitCode, output, error.Result);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}

internal sealed record SampleResult(int ExitCode, string Output, string Error)
{
    public string[] OutputLines => Output.TrimEnd('\n').Split('\n');
}
