using BenchmarkDotNet.Attributes;

namespace Optimizers.Benchmarks;

/// <summary>One step at level 1: one <see cref="Optimizers.Optimizer"/>.</summary>
[KernelConfig]
public class StepBenchmarks
{
    private Turn? _turn;

    /// <summary>The number of parameters.</summary>
    [Params(1_000, 100_000, 1_000_000)]
    public int Length { get; set; }

    /// <summary>The maximum number of threads.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>The optimizer, with its default options.</summary>
    [ParamsSource(nameof(AllOptimizers))]
    public string Optimizer { get; set; } = "";

    /// <summary>The names of the measured optimizers.</summary>
    public static IEnumerable<string> AllOptimizers => Catalogue.Rows.Select(row => row.Name);

    /// <summary>Creates the optimizer and its buffers. They are freed when the process of the benchmark ends.</summary>
    [GlobalSetup]
    public void SetUp() =>
        _turn = EntrantOf(new Entrants(Catalogue.Row(Optimizer), Shape.Of(Length), native: null)).Enter(new Arena());

    /// <summary>Takes one step.</summary>
    [Benchmark]
    public void Step() => _turn!.Call();

    private protected virtual Entrant EntrantOf(Entrants entrants) => entrants.Level1(Threads);
}

/// <summary>Clipping to norm 1, the step and zeroing the gradients, at level 2: a <see cref="ModelOptimizer"/>.</summary>
public class PhaseBenchmarks : StepBenchmarks
{
    private protected override Entrant EntrantOf(Entrants entrants) => entrants.Level2(Threads, Work.Phase);
}
