namespace Optimizers.Benchmarks;

/// <summary>Makes the contenders of one optimizer on parameters of one shape.</summary>
internal sealed class Entrants(OptimizerRow row, Shape shape, NativeKernels? native)
{
    private const int ZeroSteps = 2_000;

    // Rivals are not asked to work out new scalars at every step.
    private const int ScalarsOfStep = 100;

    public Entrant Level1(int threads) => new(
        CellOf(Work.Step, threads, Contenders.Level1),
        row.BytesOfStep,
        arena => StepOf(arena, Work.Step, threads));

    public Entrant Level2(int threads, string work = Work.Step) => new(
        CellOf(work, threads, Contenders.Level2),
        work == Work.Phase ? row.BytesOfPhase : row.BytesOfStep,
        arena =>
        {
            ModelOptimizer model = arena.Level2(row, shape, work, threads);
            return new Turn(() => model.Step());
        });

    /// <summary>At level 1, after the gradients were zero for a while.</summary>
    public Entrant AfterZeros() => new(
        CellOf(Work.AfterZeros, 1, Contenders.Level1),
        row.BytesOfStep,
        arena => WithZeros(arena, StepOf(arena, Work.AfterZeros, threads: 1), Work.AfterZeros));

    /// <summary>The loop that nobody protected.</summary>
    public IEnumerable<Entrant> ScalarAfterZeros()
    {
        const string Own = "scalar loop after zeros";
        return row.Scalar is null ? [] :
        [
            new Entrant(
                CellOf(Work.AfterZeros, 1, Contenders.Scalar),
                row.BytesOfStep,
                arena => WithZeros(arena, Looping(arena, Own, row.Scalar), Own)),
        ];
    }

    public IEnumerable<Entrant> C(int threads) =>
        native is null || row.Kernel is null || (threads > 1 && shape.Elements < threads * Reductions.Block)
            ? []
            : [new(CellOf(Work.Step, threads, Contenders.C), row.BytesOfStep, arena => Compiled(arena, native, row.Kernel, threads))];

    public IEnumerable<Entrant> Composition() => row.Composition is null ? [] :
    [
        new(CellOf(Work.Step, 1, Contenders.TensorPrimitives), row.BytesOfStep, arena => Composed(arena, row.Composition)),
    ];

    public IEnumerable<Entrant> Scalar() => OfLoop(Contenders.Scalar, row.Scalar);

    public IEnumerable<Entrant> ByHand() => OfLoop(Contenders.ByHand, row.ByHand);

    private IEnumerable<Entrant> OfLoop(string contender, Loop? loop) => loop is null ? [] :
    [
        new(CellOf(Work.Step, 1, contender), row.BytesOfStep, arena => Looping(arena, Work.Step, loop)),
    ];

    private Cell CellOf(string work, int threads, string contender) =>
        new(row.Name, work, shape.Elements, shape.Count, threads, contender);

    private Turn StepOf(Arena arena, string work, int threads)
    {
        Optimizer optimizer = arena.Level1(row, shape, work, threads);
        Parameter parameter = arena.Set(shape, work)[0];
        double rate = row.Options.LearningRate;
        return new Turn(() => optimizer.Step(parameter.Values, parameter.Gradients, rate));
    }

    private Turn Compiled(Arena arena, NativeKernels native, string name, int threads)
    {
        NativeKernels.Kernel kernel = native[name];
        NativeTensor[] tensors = arena.Tensors(row, shape, Work.Step, threads);
        KernelScalars scalars = row.ScalarsAt(ScalarsOfStep) with { Flush = 0 };
        KernelScalars flushing = scalars with { Flush = 1 };
        int interval = row.FlushInterval;
        int step = 0;
        void Step() => kernel(tensors, in (++step % interval == 0 ? ref flushing : ref scalars), threads);
        return threads == 1
            ? new Turn(Step)
            : new Turn(Step) { Begin = () => native.BeginTeam(threads), End = native.EndTeam };
    }

    private Turn Composed(Arena arena, Composition composition)
    {
        NativeTensor[] tensors = arena.Tensors(row, shape, Work.Step, threads: 1);
        KernelScalars scalars = row.ScalarsAt(ScalarsOfStep);
        arena.Scratch(shape.Longest);
        return new Turn(() =>
        {
            foreach (ref NativeTensor tensor in tensors.AsSpan())
            {
                composition(tensor, scalars, arena.Scratch((int)tensor.Length));
            }
        });
    }

    private Turn Looping(Arena arena, string work, Loop loop)
    {
        NativeTensor[] tensors = arena.Tensors(row, shape, work, threads: 1);
        KernelScalars scalars = row.ScalarsAt(ScalarsOfStep);
        return new Turn(() =>
        {
            foreach (ref NativeTensor tensor in tensors.AsSpan())
            {
                loop(tensor, scalars);
            }
        });
    }

    private Turn WithZeros(Arena arena, Turn turn, string work)
    {
        turn.Call();
        arena.Set(shape, work).ZeroGradients();
        for (int step = 0; step < ZeroSteps; step++)
        {
            turn.Call();
        }

        return turn;
    }
}
