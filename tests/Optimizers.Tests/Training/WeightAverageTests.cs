namespace Optimizers.Tests;

public sealed class WeightAverageTests
{
    private const int Steps = 40;

    private static readonly Dictionary<string, Row> _rows = new()
    {
        ["exponential"] = new((set, threads, lane) => new ExponentialMovingAverage(
            set, new() { Decay = 0.9, Threads = threads }, lane), (a, p, n) => n == 0 ? p : (0.9 * a) + (0.1 * p)),
        ["exponential, default"] = new((set, threads, lane) => new ExponentialMovingAverage(
            set, new() { Threads = threads }, lane), (a, p, n) => n == 0 ? p : (0.999 * a) + (0.001 * p)),
        ["exponential, warmed up"] = new(
            (set, threads, lane) => new ExponentialMovingAverage(
                set, new() { Decay = 0.7, Warmup = true, Threads = threads }, lane),
            (a, p, n) => n == 0 ? p : a + ((1 - Math.Min(0.7, (1.0 + n) / (10 + n))) * (p - a))),
        ["exponential, late and seldom"] = new(
            (set, threads, lane) => new ExponentialMovingAverage(
                set, new() { Decay = 0.5, FirstStep = 3, Interval = 4, Threads = threads }, lane),
            (a, p, n) => n == 0 ? p : (0.5 * a) + (0.5 * p), FirstStep: 3, Interval: 4),
        ["uniform"] = new((set, threads, lane) => new WeightAverage(
            set, new() { Threads = threads }, lane), (a, p, n) => ((n * a) + p) / (n + 1)),
        ["uniform, late and seldom"] = new(
            (set, threads, lane) => new WeightAverage(
                set, new() { FirstStep = 10, Interval = 5, Threads = threads }, lane),
            (a, p, n) => ((n * a) + p) / (n + 1), FirstStep: 10, Interval: 5),
    };

    public static TheoryData<string> Names() => [.. _rows.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void AverageMatchesTheAverageInDouble(string name)
    {
        using var model = new WrappedModel();
        AveragedWeights average = _rows[name].Make(model.Parameters, 1, 0);
        double[] expected = new double[model.All.Length];
        int updates = 0;
        for (int step = 1; step <= Steps; step++)
        {
            model.DrawGradients(step);
            average.Update(model.Optimizer.Step());
            if (step >= _rows[name].FirstStep && (step - _rows[name].FirstStep) % _rows[name].Interval == 0)
            {
                float[] weights = model.All;
                expected = [.. expected.Select((a, i) => _rows[name].Oracle(a, weights[i], updates))];
                updates++;
            }

            average.StepCount.Should().Be(step);
            average.UpdateCount.Should().Be(updates);
        }

        float[] actual = [.. model.Parameters.SelectMany(parameter => average[parameter.Name].ToArray())];
        for (int i = 0; i < actual.Length; i++)
        {
            actual[i].Should().BeApproximately((float)expected[i], 1e-6f, "element {0}", i);
        }

        average.StateBytes.Should().Be(4 * model.Parameters.ElementCount);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryNumberOfThreadsAndLanesGivesTheSameBits(string name)
    {
        float[] expected = Run(threads: 1, lane: 1);
        foreach ((int threads, int lane) in new[] { (1, 4), (1, 16), (2, 8), (3, 16), (4, 4) })
        {
            Run(threads, lane).ShouldHaveTheBitsOf(expected, $"{threads} threads in lanes of {lane}");
        }

        float[] Run(int threads, int lane)
        {
            using var set = new ParameterSet();
            set.AddRange(("a", [70_001]), ("b", [33]), ("c", [4_096]));
            AveragedWeights average = _rows[name].Make(set, threads, lane);
            for (int step = 0; step < 12; step++)
            {
                foreach (Parameter parameter in set)
                {
                    Draw.Floats(step + parameter.Length, parameter.Length).CopyTo(parameter.Values);
                }

                average.Update();
            }

            using (average.SwapIn())
            {
                return [.. set.SelectMany(parameter => parameter.Values.ToArray())];
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ResumedRunHasTheSameBits(string name)
    {
        using var model = new WrappedModel();
        AveragedWeights average = _rows[name].Make(model.Parameters, 1, 0);
        for (int step = 1; step <= 30; step++)
        {
            AveragedWeights resumed = new MemoryCheckpoint(average).LoadInto(_rows[name].Make(model.Parameters, 1, 0));
            if (step == 17)
            {
                Draw.Floats(step, 5).CopyTo(model.Parameters.Add("late", 5).Values);
            }

            model.DrawGradients(step);
            model.Optimizer.Step();
            average.Update();
            resumed.Update();
            (resumed.StepCount, resumed.UpdateCount).Should().Be((average.StepCount, average.UpdateCount));
            foreach (Parameter parameter in model.Parameters.Where(_ => average.UpdateCount > 0))
            {
                if (parameter.Name != "late" || average.UpdateCount > 5)
                {
                    resumed[parameter.Name].ShouldHaveTheBitsOf(average[parameter.Name], $"step {step}, {parameter}");
                }
            }

            average = resumed;
        }

        new MemoryCheckpoint(average).Names.Should().Contain(["matrix.average", "matrix.average_updates", "steps"]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void UpdateAllocatesNothing(string name)
    {
        using var model = new WrappedModel(scale: 400);
        for (int threads = 1; threads <= 2; threads++)
        {
            AveragedWeights average = _rows[name].Make(model.Parameters, threads, 0);
            Allocations.Of(average.Update).Should().Be(0, $"an update on {threads} threads must not allocate");
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.9)]
    [InlineData(0.999)]
    [InlineData(0.9999)]
    public void ConstantWeightsKeepEveryBit(double decay)
    {
        using var set = new ParameterSet();
        float[] values = [0.1f, -3.3f, 1e30f, 1e-30f, 0, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue];
        values.CopyTo(set.Add("p", values.Length).Values);
        var exponential = new ExponentialMovingAverage(set, new() { Decay = decay });
        var uniform = new WeightAverage(set);
        for (int step = 0; step < 2_000; step++)
        {
            exponential.Update();
            uniform.Update();
        }

        exponential["p"].ShouldHaveTheBitsOf(values, "exponential");
        uniform["p"].ShouldHaveTheBitsOf(values, "uniform");
    }

    [Fact]
    public void FadingAverageLeavesNoDenormals()
    {
        using var set = new ParameterSet();
        Parameter parameter = set.Add("p", 3);
        parameter.Values.Fill(1);
        var average = new ExponentialMovingAverage(set, new() { Decay = 0.5 });
        average.Update();
        parameter.Values.Clear();
        for (int step = 0; step < 150; step++)
        {
            average.Update();
            average["p"].ToArray().Should().OnlyContain(a => a == 0 || float.IsNormal(a));
        }

        average["p"].ToArray().Should().OnlyContain(a => a == 0);
    }

    [Fact]
    public void NaNStaysInItsElementUntilReset()
    {
        using var set = new ParameterSet();
        Parameter parameter = set.Add("p", 2);
        var average = new WeightAverage(set);
        parameter.Values[0] = float.NaN;
        average.Update();
        parameter.Values[0] = 3;
        average.Update();
        average["p"].ToArray().Should().Equal(float.NaN, 0);
        average.Reset();
        (average.StepCount, average.UpdateCount).Should().Be((0, 0));
        average.Update();
        average["p"].ToArray().Should().Equal(3, 0);
    }

    [Fact]
    public void OnlyAppliedStepsCount()
    {
        using var model = new WrappedModel();
        var average = new WeightAverage(model.Parameters);
        foreach (Parameter parameter in model.Parameters)
        {
            parameter.HasGradient = false;
        }

        average.Update(model.Optimizer.Step());
        average.StepCount.Should().Be(0);
        model.Parameters["vector"].HasGradient = true;
        average.Update(model.Optimizer.Step());
        average.StepCount.Should().Be(1);
        average["matrix"].ShouldHaveTheBitsOf(model.Parameters["matrix"].Values, "parameters without a gradient are averaged too");
    }

    [Fact]
    public void AddedParameterHasItsOwnCount()
    {
        using var set = new ParameterSet();
        set.Add("early", 1).Values[0] = 1;
        var average = new WeightAverage(set);
        average.Update();
        set.Add("late", 1).Values[0] = 10;
        average.Invoking(a => _ = a["late"]).Should().Throw<ArgumentException>().WithMessage("*\"late\"*");
        set["early"].Values[0] = 3;
        average.Update();
        set["early"].Values[0] = 5;
        set["late"].Values[0] = 20;
        average.Update();
        (average["early"][0], average["late"][0]).Should().Be((3, 15));
    }

    [Fact]
    public void SwappingInAndOutKeepsEveryBit()
    {
        using var model = new WrappedModel();
        var average = new ExponentialMovingAverage(model.Parameters, new() { Decay = 0.5 });
        model.Parameters["vector"].KeepBFloat16Copy();
        for (int step = 1; step <= 3; step++)
        {
            model.DrawGradients(step);
            average.Update(model.Optimizer.Step());
        }

        Parameter late = model.Parameters.Add("late", 2);
        late.Values.Fill(7);
        float[] weights = model.All;
        float[] averages = average["vector"].ToArray();
        IDisposable swap = average.SwapIn();
        model.Parameters["vector"].Values.ToArray().ShouldHaveTheBitsOf(averages, "swapped in");
        average["vector"].ShouldHaveTheBitsOf(averages, "the values are the same during a swap");
        model.Parameters["vector"].BFloat16Values.ToArray().Should().Equal(averages.Select(BFloat16.Round));
        late.Values.ToArray().Should().Equal(7, 7);
        swap.Dispose();
        swap.Dispose();
        model.All.ShouldHaveTheBitsOf(weights, "swapped out");
        average["vector"].ShouldHaveTheBitsOf(averages, "averages");
        model.Parameters["vector"].BFloat16Values.ToArray().Should().Equal(
            model.Parameters["vector"].Values.ToArray().Select(BFloat16.Round));
    }

    [Fact]
    public void CallsThatNeedTheWeightsThrowDuringASwap()
    {
        using var model = new WrappedModel();
        var average = new WeightAverage(model.Parameters);
        var other = new ExponentialMovingAverage(model.Parameters);
        var lookahead = new Lookahead(model.Optimizer);
        var sam = new Sam(model.Optimizer);
        average.Update();
        model.DrawGradients(1);
        float[] weights = model.All;
        var listed = new CheckpointManifest();
        average.Describe(listed);
        using (average.SwapIn())
        {
            foreach (Action refused in new Action[]
            {
                () => model.Optimizer.Step(),
                () => lookahead.Step(),
                () => lookahead.Restart(),
                () => lookahead.SwapIn(),
                () => sam.Ascend(),
                () => sam.Step(() => { }),
                () => _ = new Lookahead(model.Optimizer),
                average.Update,
                average.Reset,
                other.Update,
                () => average.SwapIn(),
                () => other.SwapIn(),
                () => average.CopyTo(model.Parameters),
                () => average.Describe(new CheckpointManifest()),
                () => ((ElementsEntry<float>)listed.Entries[0]).Elements(),
            })
            {
                refused.Should().Throw<InvalidOperationException>().WithMessage("*values of the parameters are temporarily replaced: *swapped in*SwapIn*");
            }

            average.StepCount.Should().Be(1);
            model.Optimizer.UpdateCount.Should().Be(0);
        }

        model.All.ShouldHaveTheBitsOf(weights, "nothing moved");
        model.Optimizer.Step().Applied.Should().BeTrue();
    }

    [Fact]
    public void SwapMayEndAfterTheSetIsDisposed()
    {
        var model = new WrappedModel();
        var average = new WeightAverage(model.Parameters);
        average.Update();
        IDisposable swap = average.SwapIn();
        model.Dispose();
        swap.Invoking(s => s.Dispose()).Should().NotThrow();
        average.Invoking(a => a.Update()).Should().Throw<ObjectDisposedException>();
        using var disposed = new ParameterSet();
        var late = new WeightAverage(disposed);
        disposed.Dispose();
        late.Invoking(a => a.Update()).Should().Throw<ObjectDisposedException>();
        late.Invoking(a => a.SwapIn()).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void AveragesAreCopiedByNameAndShape()
    {
        using var model = new WrappedModel();
        var average = new WeightAverage(model.Parameters, new() { FirstStep = 2 });
        using var copy = new WrappedModel(scale: 1);
        copy.Parameters.Add("more", 3).Values.Fill(9);
        copy.Parameters["vector"].KeepBFloat16Copy();
        average.CopyTo(copy.Parameters);
        copy.Parameters["vector"].Values.ToArray().ShouldHaveTheBitsOf(
            model.Parameters["vector"].Values.ToArray(), "a parameter without an average is copied unchanged");
        average.Update();
        average.Update();
        model.Parameters["vector"].Values.Fill(4);
        average.Update();
        average.CopyTo(copy.Parameters);
        copy.Parameters["vector"].Values.ToArray().ShouldHaveTheBitsOf(average["vector"].ToArray(), "averages");
        copy.Parameters["vector"].BFloat16Values.ToArray().Should().Equal(average["vector"].ToArray().Select(BFloat16.Round));
        copy.Parameters["more"].Values.ToArray().Should().OnlyContain(value => value == 9);
        average.CopyTo(model.Parameters);
        model.Parameters["vector"].Values.ToArray().ShouldHaveTheBitsOf(average["vector"].ToArray(), "copied into the set itself");
    }

    [Fact]
    public void CopyToAnUnsuitableSetChangesNothing()
    {
        using var model = new WrappedModel();
        var average = new WeightAverage(model.Parameters);
        average.Update();
        using var missing = new ParameterSet();
        missing.Add("matrix", 7, 9).Values.Fill(9);
        average.Invoking(a => a.CopyTo(missing)).Should().Throw<ArgumentException>().WithMessage("*\"vector\"*");
        using var turned = new ParameterSet();
        turned.AddRange(("vector", [131]), ("empty", [0]), ("scalar", []), ("matrix", [9, 7]));
        average.Invoking(a => a.CopyTo(turned)).Should().Throw<ArgumentException>().WithMessage("*[9, 7]*[7, 9]*");
        average.Invoking(a => a.CopyTo(null!)).Should().Throw<ArgumentNullException>();
        missing["matrix"].Values.ToArray().Should().OnlyContain(value => value == 9);
        turned["vector"].Values.ToArray().Should().OnlyContain(value => value == 0);
    }

    [Fact]
    public void InvalidArgumentThrows()
    {
        using var set = new ParameterSet();
        foreach (double decay in BadNumbers.NotFiniteOrNegative.Append(1).Append(0.999999999))
        {
            Refuses(nameof(ExponentialMovingAverageOptions.Decay), () => _ = new ExponentialMovingAverage(set, new() { Decay = decay }));
        }

        Refuses("FirstStep", () => _ = new ExponentialMovingAverage(set, new() { FirstStep = 0 }));
        Refuses("Interval", () => _ = new ExponentialMovingAverage(set, new() { Interval = 0 }));
        Refuses("Threads", () => _ = new ExponentialMovingAverage(set, new() { Threads = -1 }));
        Refuses("FirstStep", () => _ = new WeightAverage(set, new() { FirstStep = 0 }));
        Refuses("Interval", () => _ = new WeightAverage(set, new() { Interval = -1 }));
        Refuses("Threads", () => _ = new WeightAverage(set, new() { Threads = -1 }));
        FluentActions.Invoking(() => new WeightAverage(null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => new ExponentialMovingAverage(null!)).Should().Throw<ArgumentNullException>();

        static void Refuses(string option, Action make) =>
            make.Should().Throw<ArgumentOutOfRangeException>().WithParameterName(option);
    }

    private sealed record Row(
        Func<ParameterSet, int, int, AveragedWeights> Make,
        Func<double, double, int, double> Oracle,
        int FirstStep = 1,
        int Interval = 1);
}
