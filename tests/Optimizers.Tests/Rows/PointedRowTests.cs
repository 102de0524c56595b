using System.Runtime.InteropServices;

namespace Optimizers.Tests;

/// <summary>Row gradients with 64-bit indices, and row gradients that are read in the caller's memory.</summary>
public sealed unsafe class PointedRowTests
{
    private const int TableRows = 300;
    private const int Width = 7;

    private static readonly long[][] _outside = [[-1], [TableRows], [1, 1L << 32], [2, (1L << 32) + 3], [long.MinValue + 1], [5, 4, (1L << 40) + 5]];

    public static TheoryData<int> Outside() => [.. Enumerable.Range(0, _outside.Length)];

    [Theory]
    [MemberData(nameof(RowDraw.Variants), MemberType = typeof(RowDraw))]
    public void LongIndicesGiveTheBitsOfIntegers(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        var expected = new Optimizer(TableRows * Width, options);
        var actual = new Optimizer(TableRows * Width, options);
        float[] parameters = Draw.Floats(1, TableRows * Width);
        float[] start = [.. parameters];
        using ParameterSet set = Model(start);
        using ParameterSet pointed = Model(start);
        var model = new ModelOptimizer(set, options);
        var inPlace = new ModelOptimizer(pointed, options);
        float[] other = [.. parameters];
        for (int step = 1; step <= 6; step++)
        {
            GoldenRows rows = step % 2 == 0
                ? RowDraw.Repeated(step, TableRows, step == 4 ? 0 : 20 * step, Width)
                : RowDraw.Distinct(step, TableRows, 20 * step, Width);
            int[] indices = step == 5 ? [.. rows.Rows.Order()] : rows.Rows;
            long[] longIndices = Array.ConvertAll(indices, row => (long)row);
            float[] values = GC.AllocateArray<float>(rows.Values.Length, pinned: true);
            rows.Values.CopyTo(values, 0);
            expected.Step(parameters, new RowGradients(indices, values, Width));
            actual.Step(other, new RowGradients(longIndices, values, Width));
            set["table"].SetRowGradients(longIndices, values);
            model.Step();
            pointed["table"].PointRowGradientsAt(longIndices, AddressOf(values));
            inPlace.Step();
            values.ShouldHaveTheBitsOf(rows.Values, "steps do not write to the gradients");
        }

        other.ShouldHaveTheBitsOf(parameters, "64-bit indices");
        actual.State.Save().ShouldHaveTheBitsOf(expected.State.Save(), "64-bit indices");
        set["table"].Values.ToArray().ShouldHaveTheBitsOf(parameters, "in a model");
        pointed["table"].Values.ToArray().ShouldHaveTheBitsOf(parameters, "in place");
        model.StateOf("table").Save().ShouldHaveTheBitsOf(expected.State.Save(), "in a model");
        inPlace.StateOf("table").Save().ShouldHaveTheBitsOf(expected.State.Save(), "in place");
    }

    [Theory]
    [InlineData(true, 2, 5, 9)]
    [InlineData(false, 5, 2, 9)]
    [InlineData(false, 2, 5, 5)]
    public void SortedRowsAreReadInPlace(bool inPlace, params int[] indices)
    {
        using ParameterSet set = Model(new float[TableRows * Width]);
        Parameter table = set["table"];
        var optimizer = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 });
        float[] values = GC.AllocateArray<float>(3 * Width, pinned: true);
        Draw.Floats(1, 3 * Width).CopyTo(values, 0);
        long[] rows = Array.ConvertAll(indices, row => (long)row);
        table.PointRowGradientsAt(rows, AddressOf(values));
        rows[0] = 77;
        table.GradientRows.ToArray().Should().Equal(indices.Distinct().Order(), "the indices are copied");
        table.RowGradients.Overlaps(values).Should().Be(inPlace);
        float[] seen = [.. Draw.Floats(1, 3 * Width)];
        values[0] = 42;
        if (inPlace)
        {
            seen[0] = 42;
        }

        optimizer.Step();
        float[] expected = new float[TableRows * Width];
        for (int i = 0; i < seen.Length; i++)
        {
            expected[(indices[i / Width] * Width) + (i % Width)] -= seen[i];
        }

        table.Values.ToArray().Zip(expected).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-6);
        set.ZeroGradients();
        table.GradientRows.Length.Should().Be(0);
        values[0].Should().Be(42, "memory of the caller is not zeroed");
    }

    [Fact]
    public void RepeatedRowsAreAddedUpInTheirOrder()
    {
        // In this order the sum is 1; in another it is 0.
        float[] values = GC.AllocateArray<float>(3, pinned: true);
        new float[] { 1e30f, -1e30f, 1 }.CopyTo(values, 0);
        using var set = new ParameterSet();
        Parameter table = set.AddTable("table", 4, 1);
        table.PointRowGradientsAt([2, 2, 2], AddressOf(values));
        table.RowGradients.ToArray().Should().Equal(1);
        new float[] { 1, 1e30f, -1e30f }.CopyTo(values, 0);
        table.SetRowGradients([2L, 2, 2], values);
        table.RowGradients.ToArray().Should().Equal(0);
    }

    [Theory]
    [MemberData(nameof(Outside))]
    public void IndexOutsideTheTableIsRefused(int number)
    {
        long[] rows = _outside[number];
        long bad = rows.First(row => row is < 0 or >= TableRows);
        float[] values = GC.AllocateArray<float>(rows.Length * Width, pinned: true);
        using ParameterSet set = Model(new float[TableRows * Width]);
        Parameter table = set["table"];
        float[] given = Draw.Floats(1, 2 * Width);
        table.SetRowGradients([4, 1], given);
        float[] before = table.RowGradients.ToArray();
        float[] parameters = new float[TableRows * Width];
        var optimizer = new SparseAdam(TableRows * Width);
        foreach (Action call in (Action[])
                 [
                     () => table.SetRowGradients(rows, values),
                     () => table.PointRowGradientsAt(rows, AddressOf(values)),
                     () => optimizer.Step(parameters, new RowGradients(rows, values, Width)),
                 ])
        {
            call.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("rows").WithMessage($"*= {bad} is outside [0, {TableRows})*");
            table.GradientRows.ToArray().Should().Equal(1, 4);
            table.RowGradients.ToArray().ShouldHaveTheBitsOf(before, "row gradients");
        }

        optimizer.State.Iteration.Should().Be(0);
        parameters.Should().OnlyContain(p => p == 0);
    }

    [Fact]
    public void InvalidCallsAreRefused()
    {
        using ParameterSet set = Model(new float[TableRows * Width]);
        Parameter table = set["table"];
        table.SetRowGradients([4, 1], Draw.Floats(1, 2 * Width));
        table.Invoking(t => t.PointRowGradientsAt([3], null)).Should().Throw<ArgumentNullException>().WithMessage($"*{Width} elements*");
        table.Invoking(t => t.PointRowGradientsAt([3, 3], null)).Should().Throw<ArgumentNullException>();
        table.Invoking(t => t.SetRowGradients([3L], new float[Width + 1])).Should().Throw<ArgumentException>().WithParameterName("values");
        table.GradientRows.ToArray().Should().Equal(1, 4);
        table.PointRowGradientsAt([], null);
        table.GradientRows.Length.Should().Be(0);
        new ModelOptimizer(set, new SparseAdamOptions()).Step().Updated.Should().Be(1);
        set.Add("dense", 3).Invoking(p => p.PointRowGradientsAt([], null)).Should().Throw<InvalidOperationException>().WithMessage("*\"dense\" is not a table*");
    }

    [Fact]
    public void PointedRowsAreClippedInPlace()
    {
        using ParameterSet set = Model(Draw.Floats(9, TableRows * Width));
        float[] values = GC.AllocateArray<float>(2 * Width, pinned: true);
        Draw.Floats(1, 2 * Width).CopyTo(values, 0);
        set["table"].PointRowGradientsAt([3, 8], AddressOf(values));
        double norm = Math.Sqrt(values.Sum(g => (double)g * g));
        new ClipByGlobalNorm { MaximumNorm = norm / 2 }.Apply(set).Should().BeApproximately(norm, 1e-12);
        values.Zip(Draw.Floats(1, 2 * Width)).Should().OnlyContain(pair => Math.Abs(pair.First - (pair.Second / 2)) < 1e-6);
    }

    [Fact]
    public void RowGradientsDescribeThemselves()
    {
        var integers = new RowGradients([7, 3], new float[4], 2);
        var longs = new RowGradients((long[])[5_000_000_000, 1], new float[4], 2);
        (integers.Count, integers.RowAt(0), integers.RowAt(1)).Should().Be((2, 7, 3));
        (longs.Count, longs.RowAt(0), longs.RowAt(1)).Should().Be((2, 5_000_000_000, 1));
        ((Action)(() => _ = new RowGradients((long[])[1, 2], new float[3], 2))).Should().Throw<ArgumentException>().WithParameterName("values");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GradientsThatOverlapParametersOrStateAreRefused(bool areLong)
    {
        float[] parameters = Draw.Floats(1, TableRows * Width);
        float[] before = [.. parameters];
        var optimizer = new SparseAdam(TableRows * Width);
        Refuse("*overlap the parameters*", () => Step(parameters.AsSpan(5, 2 * Width)));
        Refuse("*overlap the optimizer's own state*", () => Step(MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(optimizer.State["exp_avg"]), 2 * Width)));
        optimizer.State.Iteration.Should().Be(0);
        parameters.ShouldHaveTheBitsOf(before, "parameters");
        Step(Draw.Floats(2, 2 * Width));
        optimizer.State.Iteration.Should().Be(1);

        void Step(ReadOnlySpan<float> values) => optimizer.Step(
            parameters, areLong ? new RowGradients((long[])[1, 2], values, Width) : new RowGradients([1, 2], values, Width));

        void Refuse(string message, Action step) => step.Should().Throw<ArgumentException>().WithParameterName("gradients").WithMessage(message);
    }

    [Fact]
    public void StepsAllocateNothing()
    {
        using ParameterSet set = Model(Draw.Floats(9, TableRows * Width));
        float[][] values = [GC.AllocateArray<float>(3 * Width, pinned: true), GC.AllocateArray<float>(3 * Width, pinned: true)];
        long[][] rows = [[3, 8, 9], [9, 3, 3]];
        var model = new ModelOptimizer(set, new SparseAdamOptions());
        var alone = new SparseAdam(TableRows * Width);
        float[] parameters = Draw.Floats(1, TableRows * Width);
        int step = 0;
        Allocations.Of(() =>
        {
            step++;
            set["table"].PointRowGradientsAt(rows[step % 2], AddressOf(values[step % 2]));
            model.Step();
            alone.Step(parameters, new RowGradients(rows[step % 2], values[step % 2], Width));
        }).Should().Be(0);
    }

    private static float* AddressOf(float[] pinned) => (float*)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);

    private static ParameterSet Model(float[] start)
    {
        var set = new ParameterSet();
        start.CopyTo(set.AddTable("table", TableRows, Width).Values);
        return set;
    }
}
