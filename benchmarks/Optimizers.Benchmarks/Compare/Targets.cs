using System.Globalization;
using System.Runtime.Intrinsics;

namespace Optimizers.Benchmarks;

/// <summary>The targets in the tables of docs/performance.md.</summary>
internal static class Targets
{
    private const int Large = 32_000_000;

    private static readonly string[] _named = ["AdamW", "Sgd", "Momentum", "Lion", "AdaGrad", "RmsProp"];
    private static readonly string[] _light = ["Sgd", "Momentum", "Nesterov", "Lion"];
    private static readonly string[] _every = [.. Catalogue.Rows.Select(row => row.Name)];
    private static readonly string[] _adamW = ["AdamW"];

    public static IReadOnlyList<Target> All { get; } =
    [
        new TimeTarget(
            "AdamW, SGD, Momentum, Lion, AdaGrad, RMSprop, n = 1,000 … 1,000,000, 1 thread: ≤ 1.10 × C + 60 ns a call",
            Cells(_named, [1_000, 100_000, 1_000_000], [1]), C, Factor: 1.10) { Allowance = 60 },
        new TimeTarget(
            "the same at 32,000,000, 1 and 2 threads: ≤ 1.05 × C", Cells(_named, [Large], [1, 2]), C, Factor: 1.05),
        new TimeTarget("2 threads relative to 1 thread, AdamW at 100,000: ≥ 1.7 × faster", Cells(_adamW, [100_000], [2]), OneThread, 1 / 1.7),
        new TimeTarget("2 threads relative to 1 thread, every rule at 1,000,000: ≥ 1.7 × faster", Cells(_every, [1_000_000], [2]), OneThread, 1 / 1.7),
        new TimeTarget("2 threads relative to 1 thread, light rules at 100,000: ≥ 1.3 × faster", Cells(_light, [100_000], [2]), OneThread, 1 / 1.3),
        new TimeTarget(
            "200 tensors of 512 relative to one of 102,400, 1 and 2 threads: ≤ 1.15 ×",
            Cells(_adamW, [102_400], [1, 2], Contenders.Level2, tensors: 200), cell => cell with { Tensors = 1 }, 1.15),
        new TimeTarget(
            "65,536 tensors of 16 to 4,096 elements, relative to one tensor of as many elements: at most 20 ns a tensor longer",
            [.. new[] { 1, 2 }.Select(threads => new Cell(
                "AdamW", Work.Step, Contests.ManyTensorsShape.Elements, Contests.ManyTensorsCount, threads, Contenders.Level2))],
            cell => cell with { Tensors = 1 },
            1) { Allowance = 20 * Contests.ManyTensorsCount },
        new LimitTarget(
            "set-up of these 65,536 tensors (parameters, optimizer and first step): less than a second",
            new Cell("AdamW", Work.SetUp, Contests.ManyTensorsShape.Elements, Contests.ManyTensorsCount, 1, Contenders.Level2),
            1),
        new TimeTarget(
            "phase at 100,000 relative to the step alone, 2 threads: ≤ 1.5 ×",
            Cells(_adamW, [100_000], [2], Contenders.Level2, work: Work.Phase), Step, 1.5),
        new TimeTarget(
            "a step while every core is busy with other work, relative to the same step alone, 1 and 2 threads: ≤ 3 ×",
            Cells(_adamW, [100_000, 1_000_000], [1, 2], Contenders.Level2, work: Work.OnBusyProcessors), Step, 3),
        new TimeTarget(
            "whole phase (clip to norm 1, step, zero) at 32,000,000: ≤ 1.6 × the step alone", Phases(), Step, 1.6),
        new TimeTarget(
            "whole phase at 32,000,000: ≤ 1.4 × the step alone", Phases(), Step, 1.4) { Stretch = true },
        .. Vector512.IsHardwareAccelerated
            ? new[]
            {
                OfState("bf16", Contenders.Level1BFloat16, threads: 1, 0.80),
                OfState("bf16", Contenders.Level1BFloat16, threads: 2, 0.75),
                OfState("8-bit", Contenders.Level1Block8, threads: 1, 1.05),
                OfState("8-bit", Contenders.Level1Block8, threads: 2, 0.80),
            }
            :
            [
                OfState("bf16", Contenders.Level1BFloat16, threads: 1, 1.0),
                OfState("bf16", Contenders.Level1BFloat16, threads: 2, 1.0),
                OfState("8-bit", Contenders.Level1Block8, threads: 1, 1.5),
                OfState("8-bit", Contenders.Level1Block8, threads: 2, 1.5),
            ],
        new TimeTarget(
            "a step after 2,000 steps with zero gradients, relative to a step of a new optimizer: ≤ 1.05 ×",
            Cells(["AdamW", "Momentum"], [10_000], [1], work: Work.AfterZeros), Step, 1.05),
        new TimeTarget(
            "level 2 with 1,000 parameters in 4 tensors, relative to level 1 on one span: at most 0.5 µs longer",
            Cells(_adamW, [1_000], [1], Contenders.Level2, tensors: 4),
            cell => Level1(cell) with { Tensors = 1 }, 1) { Allowance = 500 },
        new AllocationTarget("bytes allocated by a step: 0"),
        new TimeTarget(
            "relative to a composition of TensorPrimitives calls, in cache: ≥ 2 × faster",
            Cells(_adamW, [1_000, 100_000], [1]), Composition, 1 / 2.0),
        new TimeTarget(
            "relative to a composition of TensorPrimitives calls, beyond the caches: ≥ 3 × faster",
            Cells(_adamW, [Large], [1]), Composition, 1 / 3.0),
        .. TorchTargets.All.Select(target => new TargetElsewhere(target.Text, "compare --torch --check")),
    ];

    // The factor depends on the vector width, because fewer lanes need more instructions to encode and decode the state.
    private static TimeTarget OfState(string format, string contender, int threads, double factor) => new(
        string.Create(CultureInfo.InvariantCulture, $"{format} state relative to float32 state at 32,000,000, {threads} thread{(threads == 1 ? "" : "s")}: ≤ {factor:0.00} ×"),
        Cells(_adamW, [Large], [threads], contender),
        Level1,
        factor);

    private static Cell C(Cell cell) => cell with { Contender = Contenders.C };

    private static Cell Composition(Cell cell) => cell with { Contender = Contenders.TensorPrimitives };

    private static Cell Level1(Cell cell) => cell with { Contender = Contenders.Level1 };

    private static Cell OneThread(Cell cell) => cell with { Threads = 1 };

    private static Cell Step(Cell cell) => cell with { Work = Work.Step };

    private static Cell[] Phases() => Cells(_adamW, [Large], [1, 2], Contenders.Level2, work: Work.Phase);

    private static Cell[] Cells(
        string[] optimizers, int[] lengths, int[] threadCounts, string contender = Contenders.Level1, string work = Work.Step, int tensors = 1) =>
    [
        .. from optimizer in optimizers
           from n in lengths
           from threads in threadCounts
           select new Cell(optimizer, work, n, tensors, threads, contender),
    ];
}
