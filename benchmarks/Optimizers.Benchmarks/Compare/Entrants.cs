using Optimizers.Engine;

namespace Optimizers.Benchmarks;

/// <summary>Creates the contenders of one optimizer for parameters of one shape.</summary>
internal sealed class Entrants(OptimizerRow row, Shape shape, NativeKernels? native)
{
    private const int ZeroSteps = 2_000;

    // Rivals use the scalars of this step in every step, so they need not compute new ones.
    private const int ScalarsOfStep = 100;

    public Entrant Level1(int threads) => Level1(threads, StateFormat.Float32);

    /// <summary>The library with 16-bit and 8-bit state.</summary>
    public IEnumerable<Entrant> WithSmallState(int threads) => row.Slots == 0 ? [] :
    [
        Level1(threads, StateFormat.BFloat16),
        .. shape.Elements < Reductions.Block ? [] : new[] { Level1(threads, StateFormat.Block8) },
    ];

    private Entrant Level1(int threads, StateFormat format) => new(
        CellOf(Work.Step, threads, Contenders.Level1With(format)),
        row.BytesOfStepWith(format),
        arena => StepOf(arena, threads, format));

    public Entrant Level2(int threads, string work = Work.Step) => new(
        CellOf(work, threads, Contenders.Level2),
        work == Work.Phase ? row.BytesOfPhase : row.BytesOfStep,
        arena =>
        {
            ModelOptimizer model = arena.Level2(row, shape, work, threads);
            return new Turn(() => model.Step());
        });

    /// <summary>The set-up of a model.</summary>
    public Entrant SetUp(int threads) => new(CellOf(Work.SetUp, threads, Contenders.Level2), row.BytesOfStep, _ => new Turn(() =>
    {
        using ParameterSet set = shape.Create();
        new ModelOptimizer(set, row.Options, new ModelOptimizerOptions { Threads = threads }).Step();
    }));

    /// <summary>The step of a model, alone and while other threads use all processors.</summary>
    public IEnumerable<Entrant> OnIdleAndBusyProcessors(int threads) =>
    [
        Level2(threads),
        new(
            CellOf(Work.OnBusyProcessors, threads, Contenders.Level2),
            row.BytesOfStep,
            arena =>
            {
                ModelOptimizer model = arena.Level2(row, shape, Work.Step, threads);
                var busy = new BusyProcessors();
                return new Turn(() => model.Step()) { Begin = busy.Begin, End = busy.End, IsMean = true };
            }),
    ];

    /// <summary>The library and a scalar loop that does not flush denormals, each in a fresh state and after steps with zero gradients.</summary>
    public IEnumerable<Entrant> WithAndWithoutZeros() =>
    [
        .. from work in new[] { Work.Step, Work.AfterZeros }
           select new Entrant(
               CellOf(work, 1, Contenders.Level1),
               row.BytesOfStep,
               arena => From(work, arena, StepOf(arena, threads: 1))),
        .. from work in row.Scalar is null ? [] : new[] { Work.Step, Work.AfterZeros }
           select new Entrant(
               CellOf(work, 1, Contenders.Scalar),
               row.BytesOfStep,
               arena => From(work, arena, Looping(arena, row.Scalar!))),
    ];

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
        new(CellOf(Work.Step, 1, contender), row.BytesOfStep, arena => Looping(arena, loop)),
    ];

    private Cell CellOf(string work, int threads, string contender) =>
        new(row.Name, work, shape.Elements, shape.Count, threads, contender);

    private Turn StepOf(Arena arena, int threads, StateFormat format = StateFormat.Float32)
    {
        Optimizer optimizer = arena.Level1(row, shape, Work.Step, threads, format);
        Parameter parameter = arena.Set(shape, Work.Step)[0];
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

    private Turn Looping(Arena arena, Loop loop)
    {
        NativeTensor[] tensors = arena.Tensors(row, shape, Work.Step, threads: 1);
        KernelScalars scalars = row.ScalarsAt(ScalarsOfStep);
        return new Turn(() =>
        {
            foreach (ref NativeTensor tensor in tensors.AsSpan())
            {
                loop(tensor, scalars);
            }
        });
    }

    // A turn copies its own numbers into the shared memory before it begins. With separate buffers, the addresses would change the time more
    // than the numbers do.
    private Turn From(string work, Arena arena, Turn turn)
    {
        Parameter parameter = arena.Set(shape, Work.Step)[0];
        OptimizerState state = arena.Level1(row, shape, Work.Step, threads: 1).State;
        float[] values = parameter.Values.ToArray();
        float[] gradients = parameter.Gradients.ToArray();
        turn.Call();
        if (work == Work.AfterZeros)
        {
            parameter.Gradients.Clear();
            for (int step = 0; step < ZeroSteps; step++)
            {
                turn.Call();
            }
        }

        OptimizerSnapshot snapshot = state.Save();
        float[] gradientsOfTurn = parameter.Gradients.ToArray();
        void Restore(float[] gradientsToRestore)
        {
            values.CopyTo(parameter.Values);
            gradientsToRestore.CopyTo(parameter.Gradients);
        }

        state.Reset();
        Restore(gradients);
        return turn with
        {
            Begin = () =>
            {
                state.Load(snapshot);
                Restore(gradientsOfTurn);
            },
        };
    }
}
