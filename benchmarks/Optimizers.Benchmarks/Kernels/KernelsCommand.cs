using System.CommandLine;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Optimizers.Benchmarks;

/// <summary>The command kernels, which runs BenchmarkDotNet classes. Its times are an independent check of the times of the command compare.</summary>
internal static class KernelsCommand
{
    public static Command Make()
    {
        var command = new Command("kernels", "Run the BenchmarkDotNet classes. All further arguments are passed to BenchmarkDotNet.")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction(result => Run([.. result.UnmatchedTokens]));
        return command;
    }

    // BenchmarkDotNet returns 0 even if no benchmark ran, so compute the exit code here.
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
