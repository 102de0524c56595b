namespace Optimizers.Tests;

/// <summary>Tests that apply only to optimizers of matrices.</summary>
public sealed class MatrixOptimizerTests
{
    public static TheoryData<string, int[]> Shapes()
    {
        var data = new TheoryData<string, int[]>();
        foreach (string name in Catalogue.Optimizers.Where(row => row.HasPlaces).SelectMany(row => row.Variants).Select(variant => variant.Name))
        {
            foreach (int[] shape in new int[][] { [300, 211], [211, 300], [70, 2_000], [5_000, 13], [1, 60_000], [60_000, 1] })
            {
                data.Add(name, shape);
            }

            if (!name.StartsWith(nameof(Muon), StringComparison.Ordinal))
            {
                data.Add(name, [4, 130, 120]);
                data.Add(name, [7_000, 3, 3]);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryWidthAndNumberOfThreadsGivesTheSameBits(string name, int[] shape)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        int length = shape.Aggregate(1, (product, dimension) => product * dimension);
        float[] start = Draw.Floats(1, length);
        float[][] gradients = Draw.Gradients(2, 2, length);
        Outcome expected = Outcome.Of(new Optimizer(shape, options, threads: 1, widestLane: 1), start, gradients);
        expected.Parameters.Should().OnlyContain(p => float.IsFinite(p)).And.NotEqual(start);
        foreach ((int threads, int width) in new[] { (1, 16), (3, 8), (4, 4), (2, 1) })
        {
            Outcome.Of(new Optimizer(shape, options, threads, width), start, gradients)
                .ShouldHaveTheBitsOf(expected, $"{threads} threads in lanes of {width}");
        }
    }

    [Fact]
    public void AdafactorStateIsRowsAndColumns()
    {
        OptimizerState state = new Adafactor([6, 30, 20]).State;
        state.SlotNames.Should().Equal("row_var", "col_var");
        (state["row_var"].Length, state["col_var"].Length).Should().Be((6 * 30, 6 * 20));
        state.Bytes.Should().Be(sizeof(float) * 6 * (30 + 20));
        new Adafactor([600]).State.SlotNames.Should().Equal("variance");
        new Adafactor([]).State.Length.Should().Be(1);
    }

    [Theory]
    [InlineData(StateFormat.BFloat16)]
    [InlineData(StateFormat.Half)]
    [InlineData(StateFormat.Block8)]
    public void AdafactorRowsAndColumnsStayInFloat32(StateFormat format)
    {
        float[] start = Draw.Floats(1, 6_000);
        float[][] gradients = Draw.Gradients(2, 3, start.Length);
        var optimizer = new Optimizer([60, 100], new AdafactorOptions(), stateFormat: format);
        Outcome outcome = Outcome.Of(optimizer, start, gradients);
        optimizer.State.Format.Should().Be(StateFormat.Float32);
        outcome.ShouldHaveTheBitsOf(Outcome.Of(new Optimizer([60, 100], new AdafactorOptions()), start, gradients), $"{format}");
        new Optimizer([6_000], new AdafactorOptions(), stateFormat: format).State.Format.Should().Be(format);
    }

    [Fact]
    public void StackOfMatricesHasTheStateOfEachMatrix()
    {
        float[] gradient = Draw.Floats(1, 2 * 8 * 5);
        var together = new Adafactor([2, 8, 5]);
        together.Step(new float[gradient.Length], gradient);
        for (int i = 0; i < 2; i++)
        {
            var alone = new Adafactor([8, 5]);
            alone.Step(new float[40], gradient.AsSpan(40 * i, 40));
            together.State["row_var"].Slice(8 * i, 8).ToArray().ShouldHaveTheBitsOf(alone.State["row_var"].ToArray(), "rows");
            together.State["col_var"].Slice(5 * i, 5).ToArray().ShouldHaveTheBitsOf(alone.State["col_var"].ToArray(), "columns");
        }
    }

    [Theory]
    [InlineData(new int[0])]
    [InlineData(new[] { 5 })]
    [InlineData(new[] { 2, 3, 4 })]
    public void MuonThrowsForShapesOtherThanMatrices(int[] shape)
    {
        FluentActions.Invoking(() => new Muon(shape)).Should().Throw<ArgumentException>()
            .WithParameterName(nameof(shape)).WithMessage($"Muon*two dimensions*{shape.Length}*");
        using var set = new ParameterSet();
        set.Add("good", 2, 3);
        var optimizer = new ModelOptimizer(set, new MuonOptions());
        set.Add("bad", shape);
        FluentActions.Invoking(() => optimizer.Step()).Should().Throw<ArgumentException>().WithMessage("*\"bad\"*");
        optimizer.UpdateCount.Should().Be(0);
    }

    [Theory]
    [InlineData(24, 10)]
    [InlineData(10, 24)]
    public void MuonDirectionIsNearlyOrthogonal(int rows, int columns)
    {
        var parameters = new float[rows * columns];
        var muon = new Muon([rows, columns], new MuonOptions { LearningRate = 1, WeightDecay = 0 });
        muon.Step(parameters, Draw.Floats(1, parameters.Length));

        // The iteration gives singular values between 0.68 and 1.14 (Jordan et al. 2024), so their squares have this mean.
        double scale = Math.Max(1, (double)rows / columns);
        (parameters.Sum(p => (double)p * p) / scale / Math.Min(rows, columns)).Should().BeInRange(0.68 * 0.68, 1.14 * 1.14);
    }

    [Fact]
    public void InvalidShapeThrows()
    {
        FluentActions.Invoking(() => new Optimizer([3, -1], new SgdOptions())).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName("shape").WithMessage("*-1*");
        FluentActions.Invoking(() => new Optimizer(null!, new SgdOptions())).Should().Throw<ArgumentNullException>().WithParameterName("shape");
        FluentActions.Invoking(() => new Optimizer([70_000, 70_000], new SgdOptions())).Should().Throw<ArgumentException>()
            .WithParameterName("shape").WithMessage("*[70000, 70000]*");
    }
}
