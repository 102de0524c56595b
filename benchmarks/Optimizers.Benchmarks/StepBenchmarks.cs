using BenchmarkDotNet.Attributes;

namespace Optimizers.Benchmarks;

/// <summary>One step at level 1, for those who trust BenchmarkDotNet more than our own stopwatch.</summary>
[MemoryDiagnoser]
public class StepBenchmarks
{
    private float[] _parameters = [];
    private float[] _gradients = [];
    private Optimizer? _optimizer;

    /// <summary>The number of parameters.</summary>
    [Params(1_000, 100_000, 1_000_000)]
    public int Length { get; set; }

    /// <summary>The number of threads at most.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>The optimizer, with its default options.</summary>
    [ParamsSource(nameof(AllOptions))]
    public IOptimizerOptions Options { get; set; } = new SgdOptions();

    /// <summary>The optimizers to be timed.</summary>
    public static IEnumerable<IOptimizerOptions> AllOptions =>
    [
        new SgdOptions(), new MomentumOptions(), new NesterovOptions(), new AdaGradOptions(), new RmsPropOptions(),
        new AdamOptions(), new AdamWOptions(), new RAdamOptions(), new LionOptions(), new LambOptions(),
    ];

    /// <summary>Makes the optimizer and its buffers.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        var random = new Random(1);
        _parameters = [.. Enumerable.Range(0, Length).Select(_ => random.NextSingle() - 0.5f)];
        _gradients = [.. Enumerable.Range(0, Length).Select(_ => random.NextSingle() - 0.5f)];
        _optimizer = new Optimizer(Length, Options, Threads);
    }

    /// <summary>The step.</summary>
    [Benchmark]
    public void Step() => _optimizer!.Step(_parameters, _gradients, 1e-3);
}
