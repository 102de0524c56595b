using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>
/// What the engine costs over a loop written for one optimizer and one processor, in nanoseconds per parameter: the
/// numbers of docs/engine.md.
/// </summary>
internal static class EngineTable
{
    private static readonly KernelOptions _options = new(1e-3, 0.9, 0.999, 1e-8, 0.01);

    public static void Print(double seconds, string filter)
    {
        NativeKernels? native = NativeKernels.TryLoad(out string reason);
        if (native is null)
        {
            AnsiConsole.MarkupLineInterpolated($"[yellow]No C contender: {reason}[/]");
        }

        Table table = new Table().MarkdownBorder().AddColumns("optimizer", "n", "tensors", "threads", "contender", "ns/parameter", "ratio to C");
        table.Columns[5].RightAligned();
        table.Columns[6].RightAligned();
        foreach (Contest contest in Contests(native).Where(contest => contest.Optimizer.Contains(filter, StringComparison.OrdinalIgnoreCase)))
        {
            AddRows(table, contest, seconds);
        }

        // Where there is no terminal to measure, rows must not wrap.
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 100);
        AnsiConsole.Write(table);
    }

    private static IEnumerable<Contest> Contests(NativeKernels? native)
    {
        (string Name, IOptimizerOptions Options, NativeKernels.Kernel? ByHand)[] optimizers =
        [
            ("sgd", new SgdOptions(), null),
            ("momentum", new MomentumOptions(), null),
            ("lion", new LionOptions(), HandWritten.Lion),
            ("adamw", new AdamWOptions(), HandWritten.AdamW),
            ("lamb", new LambOptions { WeightDecay = 0.01 }, null),
        ];
        foreach ((string name, IOptimizerOptions options, NativeKernels.Kernel? byHand) in optimizers)
        {
            foreach (int n in (int[])[1_000, 100_000, 1_000_000, 32_000_000])
            {
                yield return Flat(name, options, byHand, native, n);
            }
        }

        yield return Cut(new AdamWOptions(), tensors: 1, length: 102_400);
        yield return Cut(new AdamWOptions(), tensors: 200, length: 512);
        yield return Cut(new AdamWOptions(), tensors: 4, length: 250);
    }

    private static Contest Flat(
        string name, IOptimizerOptions options, NativeKernels.Kernel? byHand, NativeKernels? native, int n)
    {
        var buffers = new Buffers(n);
        var contenders = new List<(string, int, Action)>();
        if (native is not null)
        {
            NativeKernels.Kernel kernel = native[name];
            contenders.Add(("C", 1, () => kernel(buffers, _options)));
        }

        if (byHand is not null)
        {
            contenders.Add(("by hand, Vector512", 1, () => byHand(buffers, _options)));
        }

        foreach (int threads in (int[])[1, 2])
        {
            var optimizer = new Optimizer(n, options, threads);
            contenders.Add(("level 1", threads, () => optimizer.Step(buffers.ParameterSpan, buffers.GradientSpan, 1e-3)));
        }

        return new Contest(name, n, 1, contenders, buffers);
    }

    private static Contest Cut(IOptimizerOptions options, int tensors, int length)
    {
        var set = new ParameterSet();
        set.AddRange([.. Enumerable.Range(0, tensors).Select(i => ($"p{i}", (int[])[length]))]);
        var random = new Random(1);
        foreach (Parameter parameter in set)
        {
            for (int i = 0; i < length; i++)
            {
                parameter.Values[i] = random.NextSingle() - 0.5f;
                parameter.Gradients[i] = random.NextSingle() - 0.5f;
            }
        }

        var contenders = new List<(string, int, Action)>();
        foreach (int threads in (int[])[1, 2])
        {
            var model = new ModelOptimizer(set, options, new ModelOptimizerOptions { Threads = threads });
            contenders.Add(("level 2", threads, () => model.Step()));
        }

        foreach (int threads in (int[])[1, 2])
        {
            var model = new ModelOptimizer(
                set, options, new ModelOptimizerOptions { Threads = threads, Clip = new ClipByGlobalNorm() });
            contenders.Add(("level 2, clipped", threads, () => model.Step()));
        }

        return new Contest("adamw", tensors * length, tensors, contenders, set);
    }

    private static void AddRows(Table table, Contest contest, double seconds)
    {
        double[] best = RoundRobin.Time([.. contest.Contenders.Select(contender => contender.Call)], seconds);
        for (int i = 0; i < best.Length; i++)
        {
            (string name, int threads, _) = contest.Contenders[i];
            string ratio = contest.Contenders[0].Name == "C" ? $"{best[i] / best[0]:F2}" : "";
            table.AddRow(
                contest.Optimizer, $"{contest.Elements:N0}", $"{contest.Tensors}", $"{threads}", name,
                $"{best[i] / contest.Elements:F3}", ratio);
        }

        contest.Memory.Dispose();
    }

    private sealed record Contest(
        string Optimizer,
        int Elements,
        int Tensors,
        IReadOnlyList<(string Name, int Threads, Action Call)> Contenders,
        IDisposable Memory);
}
