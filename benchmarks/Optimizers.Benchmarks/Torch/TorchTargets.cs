namespace Optimizers.Benchmarks;

/// <summary>The targets against TorchSharp and PyTorch, which compare --torch measures.</summary>
internal static class TorchTargets
{
    private static readonly Cell[] _modules = Cells(cell => cell.Contender == Contenders.Module);
    private static readonly Cell[] _kernels = Cells(cell => cell.Contender == Contenders.Level2);

    public static IReadOnlyList<Target> All { get; } =
    [
        Modules("phase after a backward pass, against TorchSharp's own optimizers: ≥ 3 × faster", _modules, 3),
        Modules("the same with the MLP of 2,410 parameters: ≥ 20 × faster", _modules.Where(cell => cell.N == TorchModel.Mlp.Count), 20),
        new AllocationTarget("bytes allocated by a step on a module, once warm: 0"),
        Kernels("step against PyTorch's fused kernels, at 1,000 and 200 × 512: ≥ 20 × faster", 20, cell => cell.N == 1_000 || cell.Tensors == 200),
        Kernels("the same at 100,000: ≥ 3 × faster", 3, cell => cell.N == 100_000),
        Kernels("the same at 1,000,000: ≥ 1.1 × faster", 1.1, cell => cell.N == 1_000_000),
        Kernels("the same at 32,000,000 and GPT-2's tensors: ≥ 1.0 × as fast", 1, cell => cell.N >= TorchContests.Large),
        Kernels("phase against PyTorch's fused kernels: ≥ 1.4 × faster", 1.4, cell => true, Work.Phase),
    ];

    private static TimeTarget Modules(string text, IEnumerable<Cell> cells, double times) =>
        new(text, [.. cells], cell => cell with { Contender = Contenders.TorchSharp }, 1 / times);

    private static TimeTarget Kernels(string text, double times, Func<Cell, bool> which, string work = Work.Step) =>
        new(
            text,
            [.. _kernels.Where(cell => cell.Work == work && which(cell))],
            cell => cell with { Contender = Contenders.Fused },
            1 / times);

    private static Cell[] Cells(Func<Cell, bool> which) =>
        [.. TorchContests.All().SelectMany(contest => contest.Entrants).Select(entrant => entrant.Cell).Where(which)];
}
