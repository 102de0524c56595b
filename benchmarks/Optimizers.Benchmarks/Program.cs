using System.CommandLine;
using BenchmarkDotNet.Running;
using Optimizers.Benchmarks;

var seconds = new Option<double>("--seconds")
{
    Description = "How long the contenders of one cell take turns.",
    DefaultValueFactory = _ => 1,
};
var filter = new Option<string>("--filter")
{
    Description = "Only optimizers whose name contains this.",
    DefaultValueFactory = _ => "",
};
var engine = new Command("engine", "Time the engine against C and hand-written loops: the table of docs/engine.md.")
{
    seconds, filter,
};
engine.SetAction(result => EngineTable.Print(result.GetValue(seconds), result.GetValue(filter)!));

var kernels = new Command("kernels", "Run the BenchmarkDotNet classes; what follows is handed to BenchmarkDotNet.")
{
    TreatUnmatchedTokensAsErrors = false,
};
kernels.SetAction(result =>
{
    IEnumerable<BenchmarkDotNet.Reports.Summary> summaries = BenchmarkSwitcher
        .FromAssembly(typeof(StepBenchmarks).Assembly)
        .Run([.. result.UnmatchedTokens]);

    // BenchmarkDotNet itself says 0 even when nothing ran.
    return summaries.Any() && summaries.All(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(r => r.Success))
        ? 0
        : 1;
});

return new RootCommand("Benchmarks of the update kernels.") { engine, kernels }.Parse(args).Invoke();
