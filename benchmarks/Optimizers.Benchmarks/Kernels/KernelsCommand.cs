using System.CommandLine;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Optimizers.Benchmarks;

/// <summary>The BenchmarkDotNet classes, for those who trust that tool more than our own stopwatch.</summary>
internal static class KernelsCommand
{
    public static Command Make()
    {
        var command = new Command("kernels", "Run the BenchmarkDotNet classes; what follows is handed to BenchmarkDotNet.")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction(result => Run([.. result.UnmatchedTokens]));
        return command;
    }

    // BenchmarkDotNet itself says 0 even when nothing ran.
    private static int Run(string[] arguments)
    {
        Summary[] summaries =
        [
            .. BenchmarkSwitcher
                .FromAssembly(typeof(StepBenchmarks).Assembly)
                .Run(arguments.Contains("--filter") ? arguments : [.. arguments, "--filter", "*"]),
        ];
        bool ran = summaries.Any(summary => summary.Reports.Length > 0);
        return ran && summaries.All(summary =>
            !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success && report.ResultStatistics is not null))
            ? 0
            : 1;
    }
}
