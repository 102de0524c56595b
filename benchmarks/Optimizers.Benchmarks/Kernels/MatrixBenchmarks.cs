using BenchmarkDotNet.Attributes;

namespace Optimizers.Benchmarks;

/// <summary>One step at level 1 (one <see cref="Optimizers.Optimizer"/>) of optimizers that use the shape of a matrix.</summary>
[KernelConfig]
public class MatrixBenchmarks
{
    private float[] _parameters = [];
    private float[] _gradients = [];
    private Optimizer? _optimizer;

    /// <summary>The number of rows and of columns.</summary>
    [Params(64, 256, 1_024)]
    public int Side { get; set; }

    /// <summary>The maximum number of threads.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>The optimizer, with its default options.</summary>
    [Params("Adafactor", "Muon")]
    public string Optimizer { get; set; } = "";

    /// <summary>Creates the optimizer and its buffers.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        var random = new Random(1);
        _parameters = Numbers(random);
        _gradients = Numbers(random);
        _optimizer = new Optimizer([Side, Side], Optimizer == "Muon" ? new MuonOptions() : new AdafactorOptions(), Threads);
    }

    /// <summary>Takes one step.</summary>
    [Benchmark]
    public void Step() => _optimizer!.Step(_parameters, _gradients, 1e-3);

    private float[] Numbers(Random random) => [.. Enumerable.Range(0, Side * Side).Select(_ => random.NextSingle() - 0.5f)];
}
