namespace Optimizers.Tests;

/// <summary>The plan of the memory of a training run.</summary>
public sealed class MemoryPlanTests
{
    private const long SevenBillion = 7_000_000_000;
    private const long Gigabyte = 1_000_000_000;

    private static readonly ParameterFormat _mixed = new() { Values = NumberFormat.BFloat16, Gradients = NumberFormat.BFloat16 };

    /// <summary>Every optimizer with every variant of its options, in every format of state.</summary>
    public static TheoryData<string, StateFormat> VariantsAndFormats()
    {
        var data = new TheoryData<string, StateFormat>();
        foreach (OptimizerVariant variant in Catalogue.Optimizers.SelectMany(row => row.Variants))
        {
            foreach (StateFormat format in Enum.GetValues<StateFormat>())
            {
                data.Add(variant.Name, format);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(VariantsAndFormats))]
    public void StateIsThatOfTheModelToTheByte(string name, StateFormat format)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        (string, int[])[] shapes =
        [
            ("matrix", [70, 130]), ("small matrix", [3, 5]), ("long matrix", [1, 5_000]), ("empty", [0, 7]),
            .. options is MuonOptions ? [] : new (string, int[])[] { ("batch", [3, 40, 50]), ("vector", [4_097]), ("small vector", [4_095]), ("scalar", []) },
        ];
        using var set = new ParameterSet();
        set.AddRange(shapes);
        var model = new ModelOptimizer(set, [new ParameterGroup(options) { StateFormat = format }]);
        var planned = new MemoryPlanOptions { Optimizer = options, StateFormat = format };
        MemoryPlan plan = MemoryPlan.Of(shapes, planned);
        plan.StateBytes.Should().Be(model.StateBytes);
        MemoryPlan.Of(set, planned).ToString().Should().Be(plan.ToString());
        plan.ElementCount.Should().Be(set.ElementCount);
        plan.Parts.Where(part => part.Kind == MemoryKind.State).Select(part => part.Name)
            .Should().BeEquivalentTo(set.SelectMany(parameter => model.StateOf(parameter.Name).SlotNames).Distinct());
    }

    [Theory]
    [InlineData(NumberFormat.Float32, UpdatePrecision.MasterCopy, StateFormat.Float32, 28, 28, 0, 0, 56, 112)]
    [InlineData(NumberFormat.BFloat16, UpdatePrecision.MasterCopy, StateFormat.Float32, 14, 14, 28, 0, 56, 112)]
    [InlineData(NumberFormat.BFloat16, UpdatePrecision.MasterCopy, StateFormat.BFloat16, 14, 14, 28, 0, 28, 84)]
    [InlineData(NumberFormat.BFloat16, UpdatePrecision.StochasticRounding, StateFormat.Float32, 14, 14, 0, 0, 56, 84)]
    [InlineData(NumberFormat.Half, UpdatePrecision.Compensation, StateFormat.Float32, 14, 14, 0, 14, 56, 98)]
    public void SevenBillionParametersOfAdamW(
        NumberFormat format, UpdatePrecision precision, StateFormat state, long weights, long gradients, long master, long compensation, long moments, long total)
    {
        MemoryPlan plan = MemoryPlan.Of(SevenBillion, new MemoryPlanOptions
        {
            Optimizer = new AdamWOptions(),
            StateFormat = state,
            Format = new ParameterFormat { Values = format, Gradients = format, UpdatePrecision = precision },
        });
        plan.BytesOf(MemoryKind.Weights).Should().Be(weights * Gigabyte);
        plan.BytesOf(MemoryKind.Gradients).Should().Be(gradients * Gigabyte);
        plan.BytesOf(MemoryKind.MasterCopy).Should().Be(master * Gigabyte);
        plan.BytesOf(MemoryKind.Compensation).Should().Be(compensation * Gigabyte);
        plan.StateBytes.Should().Be(moments * Gigabyte);
        plan.Parts.Where(part => part.Kind == MemoryKind.State).Should().OnlyContain(part => part.Bytes == moments * Gigabyte / 2)
            .And.HaveCount(2);
        plan.BytesOf(MemoryKind.Workspace).Should().Be(0);
        (plan.TotalBytes, plan.BytesPerRank).Should().Be((total * Gigabyte, total * Gigabyte));
        plan.Assumption.Should().BeNull();
    }

    [Theory]
    [InlineData(ShardingStage.None, 14, 14, 28, 56)]
    [InlineData(ShardingStage.State, 14, 14, 3.5, 7)]
    [InlineData(ShardingStage.StateAndGradients, 14, 1.75, 3.5, 7)]
    public void RanksDivideStateMastersAndGradients(ShardingStage stage, double weights, double gradients, double master, double moments)
    {
        MemoryPlan plan = MemoryPlan.Of(SevenBillion, new MemoryPlanOptions { Optimizer = new AdamWOptions(), Format = _mixed, Shards = 8, Stage = stage });
        double PerRank(MemoryKind kind) => (double)plan.BytesPerRankOf(kind) / Gigabyte;
        (PerRank(MemoryKind.Weights), PerRank(MemoryKind.Gradients), PerRank(MemoryKind.MasterCopy), PerRank(MemoryKind.State))
            .Should().Be((weights, gradients, master, moments));
        plan.TotalBytes.Should().Be(112 * Gigabyte);
        ((double)plan.BytesPerRank / Gigabyte).Should().Be(weights + gradients + master + moments);
        (plan.Shards, plan.Stage).Should().Be((8, stage));
    }

    [Fact]
    public void PartsOfARankAreRoundedUp()
    {
        MemoryPlan plan = MemoryPlan.Of([("w", [5])], new MemoryPlanOptions { Optimizer = new MomentumOptions(), Shards = 3 });
        (plan.StateBytes, plan.BytesPerRankOf(MemoryKind.State)).Should().Be((20, 7));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4_095)]
    [InlineData((1L << 30) + 5)]
    [InlineData((1L << 31) - 1)]
    [InlineData((1L << 32) + 4_097)]
    [InlineData(10_000_000_000_000)]
    public void NumberOfParametersIsOneTensor(long count)
    {
        MemoryPlan plan = MemoryPlan.Of(count, new MemoryPlanOptions { Optimizer = new MomentumOptions(), StateFormat = StateFormat.Block8 });
        plan.ElementCount.Should().Be(count);
        plan.StateBytes.Should().Be(count < 4_096 ? 4 * count : count + (4 * ((count + 255) / 256)));
        plan.BytesOf(MemoryKind.Weights).Should().Be(4 * count);
    }

    [Fact]
    public void NumberOfParametersIsCountedAsMatricesIfTheOptimizerNeedsShapes()
    {
        const long Count = (2 * 4_096L * 4_096) + (3 * 4_096) + 7;
        MemoryPlan muon = MemoryPlan.Of(Count, new MemoryPlanOptions { Optimizer = new MuonOptions() });
        muon.ElementCount.Should().Be(Count);
        muon.StateBytes.Should().Be(4 * Count);
        muon.Assumption.Should().Contain("matrices of 4,096 × 4,096").And.Contain("Muon");
        muon.ToString().Should().Contain(muon.Assumption);
        MemoryPlan shapes = MemoryPlan.Of(
            [("a", [4_096, 4_096]), ("b", [4_096, 4_096]), ("c", [3, 4_096]), ("d", [1, 7])], new MemoryPlanOptions { Optimizer = new MuonOptions() });
        shapes.Parts.Should().Equal(muon.Parts);
        shapes.Assumption.Should().BeNull();

        // Five matrices of float32: three of the shape of the largest tensor, and two square ones.
        shapes.Parts.Single(part => part.Name == "workspace of the largest tensor").Bytes.Should().Be(5 * 4 * 4_096L * 4_096);
        shapes.Parts.Single(part => part.Name == "workspace of each tensor").Bytes.Should().Be(4 * Count);
    }

    [Fact]
    public void WorkspaceOfEachTensorIsDividedAndThatOfTheLargestIsNot()
    {
        MemoryPlan plan = MemoryPlan.Of([("a", [64, 64]), ("b", [64, 64])], new MemoryPlanOptions { Optimizer = new MuonOptions(), Shards = 2 });
        MemoryPart each = plan.Parts.Single(part => part.Name == "workspace of each tensor");
        MemoryPart largest = plan.Parts.Single(part => part.Name == "workspace of the largest tensor");
        (each.Bytes, each.BytesPerRank).Should().Be((32_768, 16_384));
        (largest.Bytes, largest.BytesPerRank).Should().Be((81_920, 81_920));
    }

    [Fact]
    public void GroupsHaveTheirOwnSlots()
    {
        ParameterGroup[] groups =
        [
            new(new MuonOptions()) { Where = parameter => parameter.Shape.Count == 2 && parameter.Name != "embedding" },
            new(new AdamWOptions()) { StateFormat = StateFormat.Block8 },
        ];
        (string, int[])[] shapes = [("embedding", [100, 64]), ("hidden", [64, 64]), ("bias", [64])];
        MemoryPlan plan = MemoryPlan.Of(shapes, new MemoryPlanOptions { Groups = groups, Format = _mixed });
        plan.Parts.Select(part => (part.Name, part.Format, part.Bytes)).Should().Equal(
            ("weights", "BFloat16", 2 * 10_560),
            ("gradients", "BFloat16", 2 * 10_560),
            ("master copy", "Float32", 4 * 10_560),
            ("Muon momentum_buffer", "Float32", 4 * 4_096),
            ("AdamW exp_avg", "Block8, Float32", 6_400 + (4 * 25) + (4 * 64)),
            ("AdamW exp_avg_sq", "Block8, Float32", 6_400 + (4 * 25) + (4 * 64)),
            ("Muon workspace of each tensor", "", 4 * 4_096),
            ("Muon workspace of the largest tensor", "", 5 * 4 * 4_096));
        plan.TotalBytes.Should().Be(plan.Parts.Sum(part => part.Bytes));

        // The same groups may belong to a model.
        using var set = new ParameterSet();
        set.AddRange(shapes);
        var model = new ModelOptimizer(set, groups);
        MemoryPlan.Of(shapes, new MemoryPlanOptions { Groups = model.Groups }).StateBytes.Should().Be(model.StateBytes);
    }

    [Fact]
    public void GroupsOfOneOptimizerShareARowAndNamesDistinguishThem()
    {
        static MemoryPlan Plan(string? name) => MemoryPlan.Of([("w", [8, 8]), ("b", [8])], new MemoryPlanOptions
        {
            Groups = [new(new AdamWOptions()) { Name = name, Where = parameter => parameter.Shape.Count == 2 }, new(new AdamWOptions { WeightDecay = 0 })],
        });
        Plan(null).Parts.Select(part => part.Name).Should().Equal("weights", "gradients", "exp_avg", "exp_avg_sq");
        Plan("decay").Parts.Select(part => part.Name)
            .Should().Equal("weights", "gradients", "decay exp_avg", "decay exp_avg_sq", "AdamW exp_avg", "AdamW exp_avg_sq");
    }

    [Fact]
    public void TablesOfAModelHaveNoGradients()
    {
        using var set = new ParameterSet();
        set.AddTable("table", 100, 8);
        set.AddView("view", [10], new float[10]);
        MemoryPlan plan = MemoryPlan.Of(set, new MemoryPlanOptions { Optimizer = new SgdOptions() });
        (plan.BytesOf(MemoryKind.Weights), plan.BytesOf(MemoryKind.Gradients), plan.StateBytes).Should().Be((4 * 810, 4 * 10, 0));
    }

    [Fact]
    public void TableShowsEachPartAndTheTotals()
    {
        var options = new MemoryPlanOptions { Optimizer = new AdamWOptions(), Format = _mixed, Shards = 8 };
        MemoryPlan.Of(SevenBillion, options).ToString().Should().Be(
            """
            memory       format    bytes/parameter       size  per rank  all ranks
            weights      BFloat16                2   14.00 GB  14.00 GB  112.00 GB
            gradients    BFloat16                2   14.00 GB  14.00 GB  112.00 GB
            master copy  Float32                 4   28.00 GB   3.50 GB   28.00 GB
            exp_avg      Float32                 4   28.00 GB   3.50 GB   28.00 GB
            exp_avg_sq   Float32                 4   28.00 GB   3.50 GB   28.00 GB
            total                               16  112.00 GB  38.50 GB  308.00 GB
            7,000,000,000 parameters with AdamW on 8 ranks, state divided.

            """);
        MemoryPlan.Of([("w", [3])], new MemoryPlanOptions { Optimizer = new SgdOptions() }).ToString().Should().Be(
            """
            memory     format   bytes/parameter  size
            weights    Float32                4  12 B
            gradients  Float32                4  12 B
            total                             8  24 B
            3 parameters with Sgd.

            """);
    }

    [Theory]
    [InlineData(999, "999 B")]
    [InlineData(1_000, "1.00 kB")]
    [InlineData(999_994, "999.99 kB")]
    [InlineData(999_995, "1.00 MB")]
    [InlineData(28_000_000_000, "28.00 GB")]
    [InlineData(long.MaxValue, "9.22 EB")]
    public void SizesHaveTwoDecimals(long bytes, string text) => TextTable.Size(bytes).Should().Be(text);

    [Fact]
    public void WrongOptionsAreNamed()
    {
        (string Message, MemoryPlanOptions Options)[] wrong =
        [
            ("Optimizer and Groups are both null*", new()),
            ("Optimizer and Groups are both set*", new() { Optimizer = new SgdOptions(), Groups = [new(new SgdOptions())] }),
            ("StateFormat is Half, but Groups is set*", new() { Groups = [new(new SgdOptions())], StateFormat = StateFormat.Half }),
            ("StateFormat must be one of*", new() { Optimizer = new SgdOptions(), StateFormat = (StateFormat)9 }),
            ("Format.Values must be one of*", new() { Optimizer = new SgdOptions(), Format = new() { Values = (NumberFormat)9 } }),
            ("Format.Gradients must be one of*", new() { Optimizer = new SgdOptions(), Format = new() { Gradients = (NumberFormat)9 } }),
            ("Format.UpdatePrecision must be one of*", new() { Optimizer = new SgdOptions(), Format = new() { UpdatePrecision = (UpdatePrecision)9 } }),
            ("Shards must be at least 1*", new() { Optimizer = new SgdOptions(), Shards = 0 }),
            ("Shards must be at most 65536*", new() { Optimizer = new SgdOptions(), Shards = 65_537 }),
            ("Stage must be one of None, State, StateAndGradients*", new() { Optimizer = new SgdOptions(), Stage = (ShardingStage)3 }),
            ("The list of groups is empty*", new() { Groups = [] }),
            ("*Beta1*", new() { Optimizer = new AdamOptions { Beta1 = 2 } }),
        ];
        foreach ((string message, MemoryPlanOptions options) in wrong)
        {
            FluentActions.Invoking(() => MemoryPlan.Of([("w", [3])], options)).Should().Throw<ArgumentException>().WithMessage(message);
        }

        MemoryPlanOptions sgd = new() { Optimizer = new SgdOptions() };
        (string Message, Action Call)[] calls =
        [
            ("There are no parameters*", () => MemoryPlan.Of(Array.Empty<(string, int[])>(), sgd)),
            ("parameterCount must be at least 1*", () => MemoryPlan.Of(0, sgd)),
            ("parameterCount must be at most 10000000000000*", () => MemoryPlan.Of(10_000_000_000_001, sgd)),
            ("Groups is set, but a number of parameters has no names*", () => MemoryPlan.Of(5, new() { Groups = [new(new SgdOptions())] })),
            ("There is a parameter \"w\" already*", () => MemoryPlan.Of([("w", [1]), ("w", [2])], sgd)),
            ("The parameter \"w\" cannot have the shape [2, -1]*", () => MemoryPlan.Of([("w", [2, -1])], sgd)),
            ("The parameter \"w\" has more than 2147483647 elements*", () => MemoryPlan.Of([("w", [65_536, 65_536])], sgd)),
            ("Muon needs two dimensions, but parameter \"b\" has 1*", () => MemoryPlan.Of([("b", [2])], new() { Optimizer = new MuonOptions() })),
            ("The parameter \"b\" matches no group*", () => MemoryPlan.Of([("b", [2])], new() { Groups = [new(new SgdOptions()) { Where = _ => false }] })),
            ("There is no parameter in group 0*", () => MemoryPlan.Of([("b", [2])], new() { Groups = [new(new SgdOptions()) { Where = _ => false }, new(new SgdOptions())] })),
        ];
        foreach ((string message, Action call) in calls)
        {
            call.Should().Throw<ArgumentException>().WithMessage(message);
        }

        var disposed = new ParameterSet();
        disposed.Add("w", 1);
        disposed.Dispose();
        FluentActions.Invoking(() => MemoryPlan.Of(disposed, sgd)).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void PredicateCannotReadValuesOfAPlannedParameter()
    {
        Action plan = () => MemoryPlan.Of([("w", [2])], new() { Groups = [new(new SgdOptions()) { Where = parameter => parameter.Values[0] == 0 }] });
        plan.Should().Throw<InvalidOperationException>().WithInnerException<ObjectDisposedException>();
    }
}
