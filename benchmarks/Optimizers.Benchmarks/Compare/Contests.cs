namespace Optimizers.Benchmarks;

/// <summary>All contests. The cells that a target compares are in the same contest.</summary>
internal static class Contests
{
    private const int AfterZeros = 10_000;
    private const int SmallModel = 1_000;
    private const int Gpt2Layers = 12;
    private const int Large = 32_000_000;

    /// <summary>The number of tensors of the model with the most of them.</summary>
    public const int ManyTensorsCount = 65_536;

    private static readonly int[] _lengths = [1_000, 100_000, 1_000_000, Large];
    private static readonly int[] _lengthsOnBusyProcessors = [100_000, 1_000_000];
    private static readonly int[] _quickLengths = [1_000, 100_000, Large];
    private static readonly string[] _quickRows = ["AdamW", "Momentum", "Lion"];
    private static readonly string[] _rowsWithSmallState = ["AdamW", "Momentum", "Lion"];
    private static readonly string[] _rowsOfTables = ["Sgd", "AdaGrad", "SparseAdam", "AdamW"];
    private static readonly string[] _rowsAfterZeros = ["AdamW", "Momentum"];
    private static readonly string[] _rowsOfEngine = ["Sgd", "Momentum", "Lion", "AdamW", "Lamb"];

    /// <summary>The measured numbers of threads: 1, 2, and the number of processors.</summary>
    public static IReadOnlyList<int> ThreadCounts { get; } =
        [.. new[] { 1, 2, Environment.ProcessorCount }.Distinct().Where(threads => threads <= Environment.ProcessorCount)];

    /// <summary>The tensors of the model with the most of them.</summary>
    public static Shape ManyTensorsShape { get; } = Shape.Spread(ManyTensorsCount);

    /// <summary>All contests of compare.</summary>
    public static IEnumerable<Contest> All(NativeKernels? native) =>
    [
        .. _lengths.Select(n => Streams.Of(n, ThreadCounts)),
        .. Catalogue.Rows.SelectMany(row => _lengths.Select(n => OneTensor(row, n, native, phase: true, _rowsWithSmallState.Contains(row.Name)))),
        .. Catalogue.Rows.Select(row => Cut(row, native)),
        .. _rowsAfterZeros.Select(name => Zeros(Catalogue.Row(name))),
        .. _rowsOfTables.Select(name => Tables.Of(Catalogue.Row(name), ThreadCounts)),
        .. Catalogue.Rows.Select(row => Model(row, native)),
        .. _lengthsOnBusyProcessors.Select(OnBusyProcessors),
        Spread(Catalogue.Row("AdamW")),
    ];

    /// <summary>The contests of compare --quick.</summary>
    public static IEnumerable<Contest> Quick(NativeKernels? native) =>
    [
        .. _quickLengths.Select(n => Streams.Of(n, ThreadCounts)),
        .. _quickRows.SelectMany(name => _quickLengths.Select(n => OneTensor(
            Catalogue.Row(name), n, native, phase: name == "AdamW", smallState: name == "AdamW" && n == Large, scalar: n != Large))),
        Cut(Catalogue.Row("AdamW"), native),
        .. _rowsAfterZeros.Select(name => Zeros(Catalogue.Row(name))),
    ];

    /// <summary>The contests of engine: the engine against loops for one optimizer and one processor.</summary>
    public static IEnumerable<Contest> Engine(NativeKernels? native)
    {
        OptimizerRow adamW = Catalogue.Row("AdamW");
        return
        [
            .. _rowsOfEngine.SelectMany(name => _lengths.Select(n => Loops(Catalogue.Row(name), n, native))),
            new Contest([.. Level2(adamW, Shape.Even(1, 102_400)), .. Level2(adamW, Shape.Even(200, 512)), .. Level2(adamW, Shape.Even(4, 250))]),
        ];
    }

    private static Contest OneTensor(
        OptimizerRow row, int n, NativeKernels? native, bool phase, bool smallState, bool scalar = true)
    {
        var entrants = new Entrants(row, Shape.Of(n), native);
        return new Contest(
        [
            .. ThreadCounts.SelectMany(entrants.C),
            .. ThreadCounts.Select(entrants.Level1),
            .. smallState ? ThreadCounts.SelectMany(entrants.WithSmallState) : [],
            .. Level2(row, Shape.Of(n), phase),
            .. n == SmallModel ? Level2(row, Shape.Even(4, SmallModel / 4), phase: false) : [],
            .. entrants.Composition(),
            .. scalar ? entrants.Scalar() : [],
        ]);
    }

    private static Contest Cut(OptimizerRow row, NativeKernels? native) => new(
    [
        .. new[] { Shape.Even(1, 102_400), Shape.Even(200, 512) }.SelectMany(shape => ManyTensors(row, shape, native)),
    ]);

    private static Contest Model(OptimizerRow row, NativeKernels? native)
    {
        Shape whole = Shape.Gpt2(Gpt2Layers);
        return new([.. ManyTensors(row, Fits(row, whole) ? whole : Shape.Gpt2(Gpt2Layers / 2), native)]);
    }

    private static IEnumerable<Entrant> ManyTensors(OptimizerRow row, Shape shape, NativeKernels? native)
    {
        var entrants = new Entrants(row, shape, native);
        return
        [
            .. ThreadCounts.SelectMany(entrants.C),
            .. Level2(row, shape),
            .. entrants.Composition(),
            .. entrants.Scalar(),
        ];
    }

    private static Contest Zeros(OptimizerRow row) =>
        new([.. new Entrants(row, Shape.Of(AfterZeros), native: null).WithAndWithoutZeros()]);

    private static Contest OnBusyProcessors(int n) =>
        new([.. ThreadCounts.SelectMany(new Entrants(Catalogue.Row("AdamW"), Shape.Of(n), native: null).OnIdleAndBusyProcessors)]);

    // One tensor with the same number of elements shows what the elements alone take.
    private static Contest Spread(OptimizerRow row) => new(
    [
        .. new[] { Shape.Of((int)ManyTensorsShape.Elements), ManyTensorsShape }
            .SelectMany(shape => ThreadCounts.Select(threads => new Entrants(row, shape, native: null).Level2(threads))),
        new Entrants(row, ManyTensorsShape, native: null).SetUp(threads: 1),
    ]);

    private static Contest Loops(OptimizerRow row, int n, NativeKernels? native)
    {
        var entrants = new Entrants(row, Shape.Of(n), native);
        return new([.. ThreadCounts.SelectMany(entrants.C), .. entrants.ByHand(), .. ThreadCounts.Select(entrants.Level1)]);
    }

    private static IEnumerable<Entrant> Level2(OptimizerRow row, Shape shape, bool phase = true)
    {
        var entrants = new Entrants(row, shape, native: null);
        return (phase ? new[] { Work.Step, Work.Phase } : [Work.Step])
            .SelectMany(work => ThreadCounts.Select(threads => entrants.Level2(threads, work)));
    }

    // The step and the phase have their own buffers: each has parameters, gradients, and state for every number of threads.
    private static bool Fits(OptimizerRow row, Shape shape)
    {
        long floats = shape.Elements * (4 + (2 * ThreadCounts.Count * row.Slots));
        return floats * sizeof(float) < Machine.AvailableMemory * 0.8;
    }
}
