using global::TorchSharp;
using Optimizers.TorchSharp;
using Optimizers.Training;
using TorchParameter = global::TorchSharp.Modules.Parameter;

namespace Optimizers.Benchmarks;

/// <summary>The contests of compare --torch. Creating them does not load libtorch.</summary>
internal static class TorchContests
{
    public const int Large = 32_000_000;
    public const int Gpt2Layers = 12;

    // So slow that the losses, and with them the gradients, do not change during the measurement.
    private const double RateOfModules = 1e-6;

    // Above this size, the data of a contender does not stay in the caches.
    private const int LargestInCaches = 1_000_000;

    /// <summary>The shapes for which PyTorch's kernels are measured.</summary>
    public static IReadOnlyList<Shape> Shapes { get; } =
    [
        Shape.Of(1_000), Shape.Of(100_000), Shape.Of(1_000_000), Shape.Of(Large), Shape.Even(200, 512), Shape.Gpt2(Gpt2Layers),
    ];

    public static IReadOnlyList<int> ThreadCounts { get; } = [.. Contests.ThreadCounts.Where(threads => threads <= 2)];

    /// <summary>The optimizers of this library and of TorchSharp with the same formula.</summary>
    public static IReadOnlyList<ModuleRow> ModuleRows { get; } =
    [
        new(
            "AdamW",
            new AdamWOptions { LearningRate = RateOfModules },
            parameters => torch.optim.AdamW(parameters, RateOfModules, weight_decay: new AdamWOptions().WeightDecay)),
        new(
            "Momentum",
            new MomentumOptions { LearningRate = RateOfModules },
            parameters => torch.optim.SGD(parameters, RateOfModules, new MomentumOptions().Momentum)),
        new(
            "AdaGrad",
            new AdaGradOptions { LearningRate = RateOfModules },
            parameters => torch.optim.Adagrad(parameters, RateOfModules)),
    ];

    /// <summary>The optimizers of TorchSharp take only dense gradients, so for an embedding its AdamW is compared with SparseAdam on rows.</summary>
    public static ModuleRow SparseRow { get; } = ModuleRows[0] with
    {
        Name = "SparseAdam",
        Options = new SparseAdamOptions { LearningRate = RateOfModules },
    };

    public static IEnumerable<Contest> All() =>
    [
        .. from model in TorchModel.All
           from row in model == TorchModel.Embedding ? [SparseRow] : ModuleRows
           from threads in ThreadCounts
           select OfModule(model, row, threads),
        .. from name in TorchKernels.Rows
           from shape in Shapes
           from threads in ThreadCounts
           from work in new[] { Work.Step, Work.Phase }
           select OfKernels(Catalogue.Row(name), shape, work, threads),
    ];

    /// <summary>The contests of compare --torch --quick: AdamW, without the largest models.</summary>
    public static IEnumerable<Contest> Quick() => All().Where(contest => contest.Entrants[0].Cell is { N: <= 10_000_000, Subject: "AdamW" or "SparseAdam" });

    private static Contest OfModule(TorchModel model, ModuleRow row, int threads)
    {
        Cell cell = new(row.Name, Work.PhaseOf(model.Name), model.Count, model.Tensors, threads, Contenders.Module);
        double bytes = Catalogue.Row(row.Name).BytesOfPhase;
        return new(
        [
            new Entrant(cell, bytes, arena => OursOf(arena, model, row, threads)),
            new Entrant(cell with { Contender = Contenders.TorchSharp }, bytes, arena => TorchSharpOf(arena, model, row, threads)),
        ]);
    }

    private static Turn OursOf(Arena arena, TorchModel model, ModuleRow row, int threads)
    {
        (torch.nn.Module module, Action backward) = model.Make(sparse: true);
        var optimizer = new ModuleOptimizer(module, row.Options, new ModelOptimizerOptions { Threads = threads, Clip = new ClipByGlobalNorm() });
        arena.Own(module);
        arena.Own(optimizer);
        return new Turn(() => optimizer.Step()) { Begin = () => torch.set_num_threads(threads), BeforeCall = backward };
    }

    private static Turn TorchSharpOf(Arena arena, TorchModel model, ModuleRow row, int threads)
    {
        (torch.nn.Module module, Action backward) = model.Make();
        TorchParameter[] parameters = [.. module.parameters()];
        torch.optim.Optimizer optimizer = row.Make(parameters);
        arena.Own(module);
        arena.Own(optimizer);
        return new Turn(() =>
        {
            torch.nn.utils.clip_grad_norm_(parameters, 1);
            optimizer.step();
            optimizer.zero_grad();
        })
        { Begin = () => torch.set_num_threads(threads), BeforeCall = backward };
    }

    private static Contest OfKernels(OptimizerRow row, Shape shape, string work, int threads)
    {
        Cell cell = new(row.Name, work, shape.Elements, shape.Count, threads, Contenders.Level2);
        double bytes = work == Work.Phase ? row.BytesOfPhase : row.BytesOfStep;
        bool small = shape.Elements <= LargestInCaches;
        return new(
        [
            new Entrant(cell, bytes, arena =>
            {
                ModelOptimizer model = arena.Level2(row, shape, work, threads);
                ParameterSet set = arena.Set(shape, work);

                // As ModuleOptimizer does. The OpenMP threads spin after the turns of the rivals, as they do after a backward pass.
                set.StepThreads = TorchThreads.Create();
                return new Turn(() => model.Step())
                {
                    Begin = () => torch.set_num_threads(threads),
                    BeforeCall = work == Work.Step ? null : () => FillGradients(set),
                    LoadsCaches = small,
                };
            }),
            .. new[] { Contenders.Fused, Contenders.Foreach }.Select(contender => new Entrant(cell with { Contender = contender }, bytes, arena =>
            {
                TorchTensors tensors = arena.Owned(shape, () => new TorchTensors(shape));
                var kernels = arena.Own(new TorchKernels(row));
                return new Turn(() => kernels.Run(tensors, contender, work))
                {
                    Begin = () => torch.set_num_threads(threads),
                    BeforeCall = work == Work.Step ? null : tensors.FillGradients,
                    LoadsCaches = small,
                };
            })),
        ]);
    }

    private static void FillGradients(ParameterSet set)
    {
        foreach (Parameter parameter in set)
        {
            Shape.FillGradients(parameter.Gradients);
        }
    }
}

/// <summary>An optimizer of this library, and the one of TorchSharp.</summary>
/// <param name="Name">The name in the tables.</param>
/// <param name="Options">The options of this library's optimizer.</param>
/// <param name="Make">Makes TorchSharp's optimizer.</param>
internal sealed record ModuleRow(
    string Name, IOptimizerOptions Options, Func<IEnumerable<TorchParameter>, torch.optim.Optimizer> Make);
