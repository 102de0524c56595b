namespace Optimizers.Tests;

/// <summary>Steps with sparse gradients, for one buffer.</summary>
public sealed class RowStepTests
{
    private const int TableRows = 400;
    private const int Width = 13;
    private const int Length = TableRows * Width;

    [Fact]
    public void ListedOptimizersAcceptSparseGradients() =>
        Catalogue.Optimizers.Where(row => row.Defaults.TakesRows).Select(row => row.Type)
            .Should().BeEquivalentTo([typeof(Sgd), typeof(AdaGrad), typeof(SparseAdam), typeof(AdamW)]);

    [Theory]
    [MemberData(nameof(RowDraw.Variants), MemberType = typeof(RowDraw))]
    public void StepOfAllRowsEqualsADenseStep(string name)
    {
        Optimizer byRows = Make(name);
        Optimizer whole = Make(name);
        float[] ofRows = Draw.Floats(1, Length);
        float[] ofWhole = [.. ofRows];
        for (int step = 1; step <= 4; step++)
        {
            GoldenRows rows = RowDraw.Distinct(step, TableRows, TableRows, Width);
            byRows.Step(ofRows, RowDraw.Of(rows, Width), 0.1);
            whole.Step(ofWhole, RowDraw.Dense(rows, TableRows, Width), 0.1);
        }

        ofRows.ShouldHaveTheBitsOf(ofWhole, "parameters");
        byRows.State.Save().ShouldHaveTheBitsOf(whole.State.Save(), "state");
    }

    /// <summary>For optimizers without moments and decay, where a zero gradient changes nothing.</summary>
    [Theory]
    [InlineData("Sgd")]
    [InlineData("AdaGrad")]
    public void RowsWithoutGradientEqualRowsWithZeroGradient(string name)
    {
        Optimizer byRows = Make(name);
        Optimizer whole = Make(name);
        float[] ofRows = Draw.Floats(1, Length);
        float[] ofWhole = [.. ofRows];
        for (int step = 1; step <= 10; step++)
        {
            GoldenRows rows = RowDraw.Distinct(step, TableRows, 50, Width);
            byRows.Step(ofRows, RowDraw.Of(rows, Width), 0.1);
            whole.Step(ofWhole, RowDraw.Dense(rows, TableRows, Width), 0.1);
        }

        ofRows.ShouldHaveTheBitsOf(ofWhole, "parameters");
        byRows.State.Save().ShouldHaveTheBitsOf(whole.State.Save(), "state");
    }

    [Theory]
    [MemberData(nameof(RowDraw.Variants), MemberType = typeof(RowDraw))]
    public void EachRowEqualsATableOfOneRowWithTheSameIteration(string name)
    {
        Optimizer table = Make(name);
        float[] parameters = Draw.Floats(1, Length);
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        float[][] alone = [.. parameters.Chunk(Width)];
        Optimizer[] optimizers = [.. alone.Select(_ => new Optimizer(Width, options))];
        for (int step = 1; step <= 8; step++)
        {
            GoldenRows rows = RowDraw.Distinct(step, TableRows, 100, Width);
            table.Step(parameters, RowDraw.Of(rows, Width), 0.1);
            for (int i = 0; i < rows.Rows.Length; i++)
            {
                Optimizer optimizer = optimizers[rows.Rows[i]];
                optimizer.State.Iteration = step - 1;
                optimizer.Step(alone[rows.Rows[i]], rows.Values.AsSpan(i * Width, Width), 0.1);
            }
        }

        table.State.Iteration.Should().Be(8);
        float[] together = [.. alone.SelectMany(row => row)];
        parameters.ShouldHaveTheBitsOf(together, "parameters");
        foreach (string slot in table.State.SlotNames)
        {
            float[] states = [.. optimizers.SelectMany(optimizer => optimizer.State[slot].ToArray())];
            table.State[slot].ToArray().ShouldHaveTheBitsOf(states, slot);
        }
    }

    [Theory]
    [MemberData(nameof(RowDraw.Variants), MemberType = typeof(RowDraw))]
    public void RepeatedRowsAreSummedFirst(string name)
    {
        Optimizer repeated = Make(name);
        Optimizer summed = Make(name);
        float[] ofRepeated = Draw.Floats(1, Length);
        float[] ofSummed = [.. ofRepeated];
        for (int step = 1; step <= 4; step++)
        {
            GoldenRows rows = RowDraw.Repeated(step, 60, 200, Width);
            rows.Rows.Distinct().Count().Should().BeLessThan(100);
            repeated.Step(ofRepeated, RowDraw.Of(rows, Width), 0.1);

            // Summed in float, in the order of the list.
            float[] dense = RowDraw.Dense(rows, TableRows, Width);
            int[] distinct = [.. rows.Rows.Distinct()];
            summed.Step(
                ofSummed, new RowGradients(distinct, distinct.SelectMany(row => dense[(row * Width)..((row + 1) * Width)]).ToArray(), Width), 0.1);
        }

        ofRepeated.ShouldHaveTheBitsOf(ofSummed, "parameters");
        repeated.State.Save().ShouldHaveTheBitsOf(summed.State.Save(), "state");
    }

    [Theory]
    [MemberData(nameof(RowDraw.Variants), MemberType = typeof(RowDraw))]
    public void EveryWidthAndNumberOfThreadsGivesTheSameBits(string name)
    {
        // Rows that begin at any place in a lane, and enough of them for several threads and blocks.
        const int ManyRows = 9_000;
        GoldenRows[] steps = [.. Enumerable.Range(1, 3).Select(step => RowDraw.Repeated(step, ManyRows, 5_000, Width))];
        (float[] Parameters, OptimizerSnapshot State)? expected = null;
        foreach ((int threads, int lane) in new[] { (1, 1), (1, 4), (1, 8), (1, 16), (2, 16), (4, 8), (3, 1) })
        {
            var optimizer = new Optimizer([ManyRows * Width], Catalogue.Variant(name).Options, threads, lane);
            float[] parameters = Draw.Floats(1, ManyRows * Width);
            foreach (GoldenRows rows in steps)
            {
                optimizer.Step(parameters, RowDraw.Of(rows, Width), 0.1);
            }

            expected ??= (parameters, optimizer.State.Save());
            parameters.ShouldHaveTheBitsOf(expected.Value.Parameters, $"{threads} threads in lanes of {lane}");
            optimizer.State.Save().ShouldHaveTheBitsOf(expected.Value.State, $"{threads} threads in lanes of {lane}");
        }
    }

    /// <summary>AdamW in double in which only the touched rows decay, move and change their state.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AdamWUpdatesOnlyTouchedRows(bool amsGrad)
    {
        var options = new AdamWOptions { LearningRate = 0.01, WeightDecay = 0.1, AmsGrad = amsGrad };
        var optimizer = new AdamW(Length, options);
        float[] parameters = Draw.Floats(1, Length);
        double[] p = Array.ConvertAll(parameters, x => (double)x);
        double[] m = new double[Length], v = new double[Length], x = new double[Length];
        for (int t = 1; t <= 40; t++)
        {
            GoldenRows rows = RowDraw.Distinct(t, TableRows, 60, Width);
            optimizer.Step(parameters, RowDraw.Of(rows, Width));
            for (int i = 0; i < rows.Values.Length; i++)
            {
                int at = (rows.Rows[i / Width] * Width) + (i % Width);
                double g = rows.Values[i];
                p[at] *= 1 - (options.LearningRate * options.WeightDecay);
                m[at] = (options.Beta1 * m[at]) + ((1 - options.Beta1) * g);
                v[at] = (options.Beta2 * v[at]) + ((1 - options.Beta2) * g * g);
                x[at] = Math.Max(x[at], v[at]);
                double second = (amsGrad ? x[at] : v[at]) / (1 - Math.Pow(options.Beta2, t));
                p[at] -= options.LearningRate * m[at] / (1 - Math.Pow(options.Beta1, t)) / (Math.Sqrt(second) + options.Epsilon);
            }
        }

        for (int i = 0; i < Length; i++)
        {
            // A few roundings in each of at most 40 updates, with numbers around 1.
            ((double)parameters[i]).Should().BeApproximately(p[i], 40 * 4 * Math.Pow(2, -24));
        }
    }

    [Fact]
    public void InvalidRowGradientsThrowAndChangeNothing()
    {
        var optimizer = new SparseAdam(Length);
        float[] parameters = Draw.Floats(1, Length);
        GoldenRows rows = RowDraw.Distinct(1, TableRows, 20, Width);
        optimizer.Step(parameters, RowDraw.Of(rows, Width));
        float[] before = [.. parameters];
        OptimizerSnapshot state = optimizer.State.Save();

        Refuse<ArgumentOutOfRangeException>("rows", () => optimizer.Step(parameters, new RowGradients([3, TableRows], new float[2 * Width], Width)));
        Refuse<ArgumentOutOfRangeException>("rows", () => optimizer.Step(parameters, new RowGradients([3, -1], new float[2 * Width], Width)));
        Refuse<ArgumentOutOfRangeException>("rows", () => optimizer.Step(parameters, new RowGradients([int.MinValue], new float[Width], Width)));
        Refuse<ArgumentException>("values", () => optimizer.Step(parameters, new RowGradients([3, 4], new float[Width], Width)));
        Refuse<ArgumentException>("gradients", () => optimizer.Step(parameters, new RowGradients([3], new float[Width + 1], Width + 1)));
        Refuse<ArgumentException>("gradients", () => optimizer.Step(parameters, default(RowGradients)));
        Refuse<ArgumentException>("width", () => optimizer.Step(parameters, new RowGradients([3], [], 0)));
        Refuse<ArgumentException>("parameters", () => optimizer.Step(parameters.AsSpan(1), RowDraw.Of(rows, Width)));
        Refuse<ArgumentOutOfRangeException>("learningRate", () => optimizer.Step(parameters, RowDraw.Of(rows, Width), double.NaN));

        void Refuse<T>(string argument, Action step)
            where T : ArgumentException
        {
            step.Should().Throw<T>().WithParameterName(argument);
            parameters.ShouldHaveTheBitsOf(before, argument);
            optimizer.State.Save().ShouldHaveTheBitsOf(state, argument);
        }
    }

    [Fact]
    public void OptimizersThatNeedAllRowsThrow()
    {
        float[] values = new float[Width];
        foreach (OptimizerVariant variant in Catalogue.Optimizers.SelectMany(row => row.Variants).Where(variant => !RowDraw.Takes(variant.Options)))
        {
            var optimizer = new Optimizer(variant.Shape(Length), variant.Options);
            optimizer.Invoking(o => o.Step(new float[Length], new RowGradients([1], values, Width)))
                .Should().Throw<NotSupportedException>(variant.Name);
            optimizer.State.Iteration.Should().Be(0);
        }

        foreach (StateFormat format in new[] { StateFormat.BFloat16, StateFormat.Half, StateFormat.Block8 })
        {
            new Optimizer(Length, new AdamWOptions(), threads: 1, format)
                .Invoking(o => o.Step(new float[Length], new RowGradients([1], values, Width)))
                .Should().Throw<NotSupportedException>().WithMessage($"*{format}*");
        }
    }

    [Fact]
    public void EmptyRowGradientsCountAsAnUpdate()
    {
        var optimizer = new SparseAdam(Length);
        float[] parameters = Draw.Floats(1, Length);
        float[] before = [.. parameters];
        optimizer.Step(parameters, new RowGradients([], [], Width));
        parameters.ShouldHaveTheBitsOf(before, "parameters");
        optimizer.State.Iteration.Should().Be(1);
    }

    [Fact]
    public void RateOfZeroUpdatesOnlyTheState()
    {
        var optimizer = new AdamW(Length);
        float[] parameters = [.. Draw.Floats(1, Length).Select((x, i) => i % 3 == 0 ? -0f : x)];
        float[] before = [.. parameters];
        optimizer.Step(parameters, RowDraw.Of(RowDraw.Distinct(1, TableRows, 20, Width), Width), 0);
        parameters.ShouldHaveTheBitsOf(before, "parameters");
        optimizer.State["exp_avg"].ToArray().Count(m => m != 0).Should().Be(20 * Width);
    }

    [Theory]
    [MemberData(nameof(RowDraw.Variants), MemberType = typeof(RowDraw))]
    public void StepAllocatesNothing(string name)
    {
        const int ManyRows = 9_000;
        GoldenRows[] steps = [.. Enumerable.Range(0, 5).Select(step => RowDraw.Repeated(step, ManyRows, 5_000 - step, Width))];
        float[] parameters = Draw.Floats(1, ManyRows * Width);
        for (int threads = 1; threads <= 2; threads++)
        {
            IOptimizer optimizer = Catalogue.Variant(name).Make(ManyRows * Width, Catalogue.Variant(name).Options, threads);
            int step = 0;
            Allocations.Of(() => optimizer.Step(parameters, RowDraw.Of(steps[step++ % 5], Width))).Should().Be(0, $"a step on {threads} threads must not allocate");
        }
    }

    private static Optimizer Make(string variant) => new(Length, Catalogue.Variant(variant).Options);
}
