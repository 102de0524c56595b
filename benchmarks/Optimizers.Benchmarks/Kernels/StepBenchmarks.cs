using BenchmarkDotNet.Attributes;

namespace Optimizers.Benchmarks;

/// <summary>One step at level 1.</summary>
[KernelConfig]
public class StepBenchmarks
{
    private Turn? _turn;

    /// <summary>The number of parameters.</summary>
    [Params(1_000, 100_000, 1_000_000)]
    public int Length { get; set; }

    /// <summary>The number of threads at most.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>The optimizer, with its default options.</summary>
    [ParamsSource(nameof(AllOptimizers))]
    public string Optimizer { get; set; } = "";

    /// <summary>The optimizers to be timed.</summary>
    public static IEnumerable<string> AllOptimizers => Catalogue.Rows.Select(row => row.Name);

    /// <summary>Makes the optimizer and its buffers, which go when the process of the benchmark ends.</summary>
    [GlobalSetup]
    public void SetUp() =>
        _turn = EntrantOf(new Entrants(Catalogue.Row(Optimizer), Shape.Of(Length), native: null)).Enter(new Arena());

    /// <summary>The step.</summary>
    [Benchmark]
    public void Step() => _turn!.Call();

    private protected virtual Entrant EntrantOf(Entrants entrants) => entrants.Level1(Threads);
}

/// <summary>Clipping to norm 1, the step and zeroing the gradients, at level 2.</summary>
public class PhaseBenchmarks : StepBenchmarks
{
    private protected override Entrant EntrantOf(Entrants entrants) => entrants.Level2(Threads, Work.Phase);
}
