namespace Optimizers.Tests;

/// <summary>Embedding tables in models.</summary>
public sealed class TableTests
{
    private const int TableRows = 300;
    private const int Width = 7;

    [Theory]
    [MemberData(nameof(RowDraw.Variants), MemberType = typeof(RowDraw))]
    public void TableInAModelEqualsATableAlone(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        using ParameterSet set = Model();
        var model = new ModelOptimizer(set, options, new ModelOptimizerOptions { ZeroGradients = true });
        var alone = new Optimizer(TableRows * Width, options);
        var dense = new Optimizer(9, options);
        float[] table = set["table"].Values.ToArray();
        float[] bias = set["bias"].Values.ToArray();
        for (int step = 1; step <= 5; step++)
        {
            // A different number of rows at each step, including none.
            GoldenRows rows = RowDraw.Repeated(step, TableRows, step == 3 ? 0 : 10 * step, Width);
            float[] gradient = Draw.Floats(step, 9);
            set["table"].SetRowGradients(rows.Rows, rows.Values);
            gradient.CopyTo(set["bias"].Gradients);
            model.Step().Updated.Should().Be(2);
            alone.Step(table, RowDraw.Of(rows, Width));
            dense.Step(bias, gradient);
            set["table"].GradientRows.Length.Should().Be(0, "the step removes the gradients of the rows");
        }

        set["table"].Values.ToArray().ShouldHaveTheBitsOf(table, "table");
        set["bias"].Values.ToArray().ShouldHaveTheBitsOf(bias, "bias");
        model.StateOf("table").Save().ShouldHaveTheBitsOf(alone.State.Save(), "state");
    }

    [Fact]
    public void ClippingUsesTheSummedRows()
    {
        using ParameterSet set = Model();
        var clip = new ClipByGlobalNorm { MaximumNorm = 0.5 };
        var model = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new ModelOptimizerOptions { Clip = clip });
        GoldenRows rows = RowDraw.Repeated(1, TableRows, 200, Width);
        set["table"].SetRowGradients(rows.Rows, rows.Values);
        Draw.Floats(2, 9).CopyTo(set["bias"].Gradients);
        float[] before = set["table"].Values.ToArray();
        float[] dense = RowDraw.Dense(rows, TableRows, Width);
        double norm = Math.Sqrt(dense.Concat(Draw.Floats(2, 9)).Sum(g => (double)g * g));

        StepReport report = model.Step();
        report.GradientNorm.Should().BeApproximately(norm, 1e-12 * norm);
        float factor = (float)report.ClipFactor;
        before = [.. before.Select((p, i) => p - (dense[i] * factor))];
        set["table"].Values.ToArray().ShouldHaveTheBitsOf(before, "table");
    }

    [Fact]
    public void RowGradientsStayUntilTheyAreReplaced()
    {
        using ParameterSet set = Model();
        var model = new ModelOptimizer(set, new SgdOptions());
        set["table"].SetRowGradients([5, 2, 5], Draw.Floats(1, 3 * Width));
        set["table"].GradientRows.ToArray().Should().Equal(2, 5);
        float[] gradient = set["table"].RowGradients.ToArray();
        model.Step();
        set["table"].RowGradients.ToArray().ShouldHaveTheBitsOf(gradient, "gradient");
        set["table"].Invoking(table => table.SetRowGradients([1, TableRows], new float[2 * Width])).Should().Throw<ArgumentException>();
        set["table"].Invoking(table => table.SetRowGradients([1], new float[Width - 1])).Should().Throw<ArgumentException>();
        set["table"].Invoking(table => table.SetRowGradients([1, 2], table.RowGradients)).Should().Throw<ArgumentException>();
        set["table"].RowGradients.ToArray().ShouldHaveTheBitsOf(gradient, "gradient");
        set.ZeroGradients();
        set["table"].GradientRows.Length.Should().Be(0);
    }

    [Fact]
    public void NonFiniteGradientIsNamedByItsIndexInTheTable()
    {
        using ParameterSet set = Model();
        var model = new ModelOptimizer(set, new AdamWOptions());
        float[] before = set["table"].Values.ToArray();
        float[] values = Draw.Floats(1, 2 * Width);
        values[3] = float.NaN;
        set["table"].SetRowGradients([40, 8], values);
        model.Invoking(m => m.Step()).Should().Throw<NonFiniteGradientException>()
            .Where(exception => exception.ParameterName == "table" && exception.Index == (40 * Width) + 3 && float.IsNaN(exception.Value));
        set["table"].Values.ToArray().ShouldHaveTheBitsOf(before, "table");
        model.StateOf("table").Iteration.Should().Be(0);
    }

    [Fact]
    public void FrozenTableAndTableWithoutGradientAreUnchanged()
    {
        using ParameterSet set = Model();
        var group = new ParameterGroup(new SparseAdamOptions()) { Where = p => p.IsTable };
        var model = new ModelOptimizer(set, [group, new ParameterGroup(new AdamWOptions())]);
        set["table"].SetRowGradients([1], Draw.Floats(1, Width));
        set["table"].HasGradient = false;
        model.Step().WithoutGradient.Should().Be(1);
        set["table"].HasGradient = true;
        group.Frozen = true;
        model.Step().Frozen.Should().Be(1);
        model.StateOf("table").Iteration.Should().Be(0);
        group.Frozen = false;
        model.Step();
        model.StateOf("table").Iteration.Should().Be(1);
        model.StateOf("bias").Iteration.Should().Be(3);
    }

    [Fact]
    public void UpdateRatioIsMeasuredOverTheTouchedRows()
    {
        using var set = new ParameterSet();
        set.AddTable("table", 3, 2);
        new float[] { 3, 0, 100, 100, 0, 4 }.CopyTo(set["table"].Values);
        var model = new ModelOptimizer(
            set, new SgdOptions { LearningRate = 1 }, new ModelOptimizerOptions { MeasureUpdates = true });
        set["table"].SetRowGradients([2, 0], [0, 1, 1, 0]);
        model.Step().LargestUpdateRatio.Should().BeApproximately(Math.Sqrt(2) / 5, 1e-12);
        set["table"].Values.ToArray().Should().Equal(2, 0, 100, 100, 0, 3);
    }

    [Fact]
    public void BFloat16CopiesAreUpdated()
    {
        using ParameterSet set = Model();
        set["table"].KeepBFloat16Copy();
        var model = new ModelOptimizer(set, new AdamWOptions { LearningRate = 0.1 });
        set["table"].SetRowGradients([7, 250], Draw.Floats(1, 2 * Width));
        model.Step();
        set["table"].BFloat16Values.ToArray().Should().Equal(set["table"].Values.ToArray().Select(BFloat16.Round));
    }

    [Fact]
    public void ViewIsUpdatedInPlace()
    {
        float[] values = Draw.Floats(1, TableRows * Width);
        float before = values[3 * Width];
        using var set = new ParameterSet();
        Parameter table = set.AddTableView("table", TableRows, Width, values);
        table.Shape.Should().Equal(TableRows, Width);
        table.SetRowGradients([3], [.. Enumerable.Repeat(1f, Width)]);
        new ModelOptimizer(set, new SgdOptions { LearningRate = 0.5 }).Step();
        values[3 * Width].Should().Be(before - 0.5f);
        set.Invoking(s => s.AddTableView("other", 1, Width, values.AsMemory(0, Width))).Should().Throw<ArgumentException>();
        set.Invoking(s => s.AddView("other", [Width], values.AsMemory(0, Width), new float[Width])).Should().Throw<ArgumentException>();
        set.Invoking(s => s.AddTableView("other", 2, Width, new float[Width])).Should().Throw<ArgumentException>().WithParameterName("values");
        set.Invoking(s => s.AddTable("other", -1, Width)).Should().Throw<ArgumentException>().WithParameterName("rows");
        set.Invoking(s => s.AddTable("other", 2, 0)).Should().Throw<ArgumentException>().WithParameterName("width");
        set.Invoking(s => s.AddTable("other", 1 << 20, 1 << 20)).Should().Throw<ArgumentException>();
        set.Invoking(s => s.AddTable("table", 2, 2)).Should().Throw<ArgumentException>().WithParameterName("name");
        set.Count.Should().Be(1);
    }

    [Fact]
    public void OptionsThatNeedAllElementsThrow()
    {
        using ParameterSet set = Model();
        Refuse("Groups", () => Make(new ParameterGroup(new MomentumOptions())));
        Refuse("Groups", () => Make(new ParameterGroup(new AdamWOptions()) { StateFormat = StateFormat.Block8 }));
        Refuse("Clip", () => Make(new ParameterGroup(new SgdOptions()), new AdaptiveClip()));
        var group = new ParameterGroup(new SgdOptions()) { WeightDecay = 0.1 };
        var decaying = new ModelOptimizer(set, [group]);
        Refuse("WeightDecay", () => decaying.Step());
        decaying.UpdateCount.Should().Be(0);
        group.WeightDecay = 0;
        decaying.Step().Applied.Should().BeTrue();
        Refuse("Parameters", () => new Sam(decaying).Ascend());
        Refuse("Parameters", () => new GradientAccumulator(decaying, new() { MicroBatches = 2 }).Step());
        Refuse("parameters", () => new Lbfgs((int)set.ElementCount).Step(set, () => 0));
        set["table"].Invoking(table => table.Gradients.Length).Should().Throw<InvalidOperationException>();
        set["bias"].Invoking(bias => bias.SetRowGradients([0], [1])).Should().Throw<InvalidOperationException>();
        set["bias"].Invoking(bias => bias.RowGradients.Length).Should().Throw<InvalidOperationException>();

        ModelOptimizer Make(ParameterGroup group, IGradientClip? clip = null) =>
            new(set, [group], new ModelOptimizerOptions { Clip = clip });

        static void Refuse(string argument, Action action) =>
            action.Should().Throw<ArgumentException>().WithParameterName(argument);
    }

    [Fact]
    public void AveragesAndLookaheadAcceptTables()
    {
        using ParameterSet set = Model();
        var lookahead = new Lookahead(new ModelOptimizer(set, new AdamWOptions()), new() { SynchronizationPeriod = 2 });
        var average = new ExponentialMovingAverage(set, new() { Decay = 0.5 });
        for (int step = 0; step < 4; step++)
        {
            set["table"].SetRowGradients([step], [.. Enumerable.Repeat(1f, Width)]);
            average.Update(lookahead.Step());
        }

        average["table"].ToArray().Should().NotEqual(set["table"].Values.ToArray());
        average["table"][(50 * Width)..].ToArray().Should().Equal(set["table"].Values[(50 * Width)..].ToArray());
    }

    [Fact]
    public void StepAllocatesNothing()
    {
        using ParameterSet set = Model();
        GoldenRows[] steps = [.. Enumerable.Range(0, 5).Select(step => RowDraw.Repeated(step, TableRows, 200 - (3 * step), Width))];
        var model = new ModelOptimizer(
            set, new AdamWOptions(), new ModelOptimizerOptions { Clip = new ClipByGlobalNorm(), ZeroGradients = true });
        int step = 0;
        Allocations.Of(() =>
        {
            GoldenRows rows = steps[step++ % 5];
            set["table"].SetRowGradients(rows.Rows, rows.Values);
            model.Step();
        }).Should().Be(0);
    }

    private static ParameterSet Model()
    {
        var set = new ParameterSet();
        Draw.Floats(1, TableRows * Width).CopyTo(set.AddTable("table", TableRows, Width).Values);
        Draw.Floats(2, 9).CopyTo(set.Add("bias", 9).Values);
        return set;
    }
}
