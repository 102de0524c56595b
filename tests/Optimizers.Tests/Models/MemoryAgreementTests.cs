namespace Optimizers.Tests;

/// <summary>The plan is within 1 % of the memory that a model allocates.</summary>
/// <remarks>
/// The measured bytes are those that this thread allocates on the managed heap while it creates the optimizer and takes a step, and
/// those that the set reserves outside the heap. Both counts are exact, unlike the size of the process.
/// </remarks>
public sealed class MemoryAgreementTests
{
    private const double Tolerance = 0.01;

    private static readonly Dictionary<string, Func<ParameterGroup[]>> _groups = new()
    {
        ["AdamW"] = () => [new(new AdamWOptions())],
        ["AdamW, BFloat16"] = () => [new(new AdamWOptions()) { StateFormat = StateFormat.BFloat16 }],
        ["AdamW, Block8"] = () => [new(new AdamWOptions()) { StateFormat = StateFormat.Block8 }],
        ["Muon and AdamW"] = () => [new(new MuonOptions { NewtonSchulzSteps = 1 }) { Where = IsHidden }, new(new AdamWOptions())],
        ["Adafactor"] = () => [new(new AdafactorOptions())],
    };

    private static readonly Dictionary<string, ParameterFormat> _formats = new()
    {
        ["AdamW, 16-bit values with a master copy"] = new() { Values = NumberFormat.BFloat16, Gradients = NumberFormat.BFloat16 },
        ["AdamW, 16-bit values rounded at random"] = new() { Values = NumberFormat.BFloat16, UpdatePrecision = UpdatePrecision.StochasticRounding },
        ["AdamW, 16-bit values with compensation"] = new() { Values = NumberFormat.Half, Gradients = NumberFormat.Half, UpdatePrecision = UpdatePrecision.Compensation },
    };

    public static TheoryData<string> Cases() => [.. _groups.Keys, .. _formats.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void ModelOfFourMillionParameters(string name) => Agree(name, width: 448, layers: 1);

    [FullTheory]
    [MemberData(nameof(Cases))]
    public void ModelOfOneHundredMillionParameters(string name) => Agree(name, width: 1_024, layers: 8);

    // The shapes of a transformer, with the largest matrix first: Muon then allocates its workspace once.
    private static (string Name, int[] Shape)[] Shapes(int width, int layers) =>
    [
        ("embedding", [width, 8 * width]),
        .. Enumerable.Range(0, layers).SelectMany(layer => new (string, int[])[]
        {
            ($"layer{layer}.up", [4 * width, width]), ($"layer{layer}.down", [width, 4 * width]),
            ($"layer{layer}.query", [width, width]), ($"layer{layer}.key", [width, width]), ($"layer{layer}.value", [width, width]),
            ($"layer{layer}.out", [width, width]),
            ($"layer{layer}.norm", [width]), ($"layer{layer}.bias", [4 * width]),
        }),
    ];

    private static bool IsHidden(Parameter parameter) => parameter.Shape.Count == 2 && parameter.Name != "embedding";

    private static void Agree(string name, int width, int layers)
    {
        (string, int[])[] shapes = Shapes(width, layers);
        ParameterFormat format = _formats.GetValueOrDefault(name, new ParameterFormat());
        Func<ParameterGroup[]> makeGroups = _groups.GetValueOrDefault(name, _groups["AdamW"]);
        MemoryPlan plan = MemoryPlan.Of(shapes, new MemoryPlanOptions { Groups = makeGroups(), Format = format });
        ParameterGroup[] groups = makeGroups();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var set = new ParameterSet { Format = format };
        set.AddRange(shapes);
        var model = new ModelOptimizer(set, groups, new ModelOptimizerOptions { Threads = 1 });
        model.Step();
        long managed = GC.GetAllocatedBytesForCurrentThread() - before;
        double measured = managed + (long)set.ReservedBytes;

        plan.StateBytes.Should().Be(model.StateBytes);
        MemoryPlan.Of(set, new MemoryPlanOptions { Groups = makeGroups() }).Parts.Should().Equal(plan.Parts, "the plan of a set counts the formats of its parameters");
        (plan.TotalBytes / measured).Should().BeInRange(1 - Tolerance, 1 + Tolerance, $"the plan is {plan.TotalBytes:N0} bytes, and the model has {measured:N0}");
    }
}

/// <summary>A theory that only the full run (OPTIMIZERS_FULL=1) includes.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FullTheoryAttribute : TheoryAttribute
{
    public override string Skip
    {
        get => Catalogue.IsFull ? null! : "This needs gigabytes of memory. Set OPTIMIZERS_FULL=1.";
        set => throw new NotSupportedException();
    }
}
