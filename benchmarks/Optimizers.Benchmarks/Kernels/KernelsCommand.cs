using System.CommandLine;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Optimizers.Benchmarks;

/// <summary>The command kernels, which runs BenchmarkDotNet classes. It is a second opinion on the times of compare.</summary>
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
