namespace Optimizers.Tests;

/// <summary>Views that are pointed at other values and gradients between steps.</summary>
public sealed unsafe class PointedViewTests
{
    // Enough for a second thread, and no multiple of a block.
    private const int Length = 60_007;
    private const int Steps = 4;

    // Each refused call, with a part of its message. The set has the owned parameter "own", the views "a" and "b" of 4 elements with
    // gradients, and the table "table".
    private static readonly Dictionary<string, (Action<Fixture> Call, Type Thrown, string Message)> _refused = new()
    {
        ["values of an owned parameter"] = (f => f.Set["own"].PointValuesAt(new float[4]), typeof(InvalidOperationException), "*owns the memory of \"own\"*AddView*"),
        ["gradients of an owned parameter"] = (f => f.Set["own"].PointGradientsAt(new float[4]), typeof(InvalidOperationException), "*owns the memory of \"own\"*AddView*"),
        ["no gradients of an owned parameter"] = (f => f.Set["own"].PointGradientsAt(null), typeof(InvalidOperationException), "*owns the memory of \"own\"*"),
        ["gradients of a table"] = (f => f.Set["table"].PointGradientsAt(new float[4]), typeof(InvalidOperationException), "*\"table\" is a table*PointRowGradientsAt*"),
        ["short values"] = (f => f.Set["a"].PointValuesAt(new float[3]), typeof(ArgumentException), "*\"a\" has 4 elements, but 3 values*"),
        ["long gradients"] = (f => f.Set["a"].PointGradientsAt(new float[5]), typeof(ArgumentException), "*\"a\" has 4 elements, but 5 gradients*"),
        ["values at null"] = (f => f.Set["a"].PointValuesAt((float*)null), typeof(ArgumentNullException), "*address of the values of \"a\" is null*"),
        ["values over own gradients"] = (f => f.Set["a"].PointValuesAt(f.OfA.Address + 2), typeof(ArgumentException), "*values of \"a\" overlap*"),
        ["values over own values and gradients"] = (f => f.Set["a"].PointValuesAt(f.OfA.Address + 1), typeof(ArgumentException), "*values of \"a\" overlap its gradients*"),
        ["values over other values"] = (f => f.Set["a"].PointValuesAt(f.OfB.Address + 3), typeof(ArgumentException), "*values of \"a\" overlap a buffer of \"b\"*"),
        ["values over other gradients"] = (f => f.Set["a"].PointValuesAt(f.OfB.Address + 7), typeof(ArgumentException), "*values of \"a\" overlap a buffer of \"b\"*"),
        ["values over a table"] = (f => f.Set["a"].PointValuesAt(f.Set["table"].ValuesAddress), typeof(ArgumentException), "*values of \"a\" overlap a buffer of \"table\"*"),
        ["gradients over own values"] = (f => f.Set["a"].PointGradientsAt(f.OfA.Address + 3), typeof(ArgumentException), "*gradients of \"a\" overlap the values of \"a\"*"),
        ["gradients over other values"] = (f => f.Set["a"].PointGradientsAt(f.OfB.Address - 3), typeof(ArgumentException), "*gradients of \"a\" overlap the values of \"b\"*"),
        ["gradients over owned values"] = (f => f.Set["a"].PointGradientsAt(f.Set["own"].ValuesAddress + 3), typeof(ArgumentException), "*overlap the values of \"own\"*"),
        ["memory over other values"] = (f => f.Set["a"].PointGradientsAt(f.OfB.Memory[..4]), typeof(ArgumentException), "*gradients of \"a\" overlap the values of \"b\"*"),
        ["memory of values over other values"] = (f => f.Set["a"].PointValuesAt(f.OfB.Memory[2..6]), typeof(ArgumentException), "*values of \"a\" overlap a buffer of \"b\"*"),
        ["view without gradients over values"] = (f => f.Set.AddView("c", [4], f.OfB.Memory[2..6]), typeof(ArgumentException), "*values of \"c\" overlap a buffer of \"b\"*"),
        ["view at null"] = (f => f.Set.AddView("c", [4], (float*)null), typeof(ArgumentNullException), "*address of the values of \"c\" is null*"),
        ["view with gradients in values"] = (f => f.Set.AddView("c", [4], f.Free.Address, f.OfB.Address), typeof(ArgumentException), "*gradients of \"c\" overlap the values of \"b\"*"),
        ["view with gradients in its own values"] = (f => f.Set.AddView("c", [4], f.Free.Address, f.Free.Address + 3), typeof(ArgumentException), "*gradients of \"c\" overlap its values*"),
        ["table over values"] = (f => f.Set.AddTableView("c", 2, 2, f.OfA.Address), typeof(ArgumentException), "*values of \"c\" overlap a buffer of \"a\"*"),
        ["table at null"] = (f => f.Set.AddTableView("c", 2, 2, (float*)null), typeof(ArgumentNullException), "*address of the values of \"c\" is null*"),
    };

    public static TheoryData<string> Refused() => [.. _refused.Keys];

    [Theory]
    [MemberData(nameof(Catalogue.Representatives), MemberType = typeof(Catalogue))]
    public void PointedModelHasTheBitsOfAModelThatOwnsItsMemory(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        int[] shape = Catalogue.Variant(name).Shape(Length);
        for (int threads = 1; threads <= 2; threads++)
        {
            var settings = new ModelOptimizerOptions { Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 }, Threads = threads };
            using var own = new ParameterSet();
            own.AddRange(("large", shape), ("bias", [37]));
            using var pointed = new ParameterSet();
            foreach (Parameter parameter in own)
            {
                Draw.Floats(parameter.Length, parameter.Length).CopyTo(parameter.Values);
                pointed.AddView(parameter.Name, [.. parameter.Shape], parameter.Values.ToArray());
            }

            var expected = new ModelOptimizer(own, Catalogue.GroupsOf(options), settings);
            var actual = new ModelOptimizer(pointed, Catalogue.GroupsOf(options), settings);
            OptimizerState state = actual.StateOf("large");
            for (int step = 1; step <= Steps; step++)
            {
                foreach (Parameter parameter in own)
                {
                    float[] gradients = Draw.Floats((100 * step) + parameter.Length, parameter.Length);
                    gradients.CopyTo(parameter.Gradients);
                    Parameter view = pointed[parameter.Name];
                    float[] former = view.Values.ToArray();
                    view.PointValuesAt((float[])[.. former]);
                    view.PointGradientsAt(gradients);
                    view.Gradients.Overlaps(gradients).Should().BeTrue();
                }

                actual.Step().Should().Be(expected.Step());
            }

            foreach (Parameter parameter in own)
            {
                string what = $"{parameter.Name}, {threads} threads";
                pointed[parameter.Name].Values.ToArray().ShouldHaveTheBitsOf(parameter.Values.ToArray(), what);
                actual.StateOf(parameter.Name).Save().ShouldHaveTheBitsOf(expected.StateOf(parameter.Name).Save(), what);
            }

            actual.StateOf("large").Should().BeSameAs(state);
            state.Iteration.Should().Be(Steps);
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Representatives), MemberType = typeof(Catalogue))]
    public void PointedParameterHasTheBitsOfABuffer(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        int[] shape = Catalogue.ShapeFor(options, Length);
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, Steps, Length);
        Outcome expected = Outcome.Of(new Optimizer(shape, options, threads: 1), start, gradients);
        for (int threads = 1; threads <= 2; threads++)
        {
            using var set = new ParameterSet();
            Parameter view = set.AddView("all", shape, new float[Length]);
            var optimizer = new ModelOptimizer(set, options, new() { Threads = threads });
            float[] values = [.. start];
            foreach (float[] gradient in gradients)
            {
                float[] former = values;
                values = [.. former];
                view.PointValuesAt(values);
                view.PointGradientsAt(gradient);
                optimizer.Step();
                values.AsSpan().SequenceEqual(former).Should().BeFalse("the step has updated the new memory");
            }

            new Outcome(values, optimizer.StateOf("all").Save()).ShouldHaveTheBitsOf(expected, $"{threads} threads");
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Representatives), MemberType = typeof(Catalogue))]
    public void StepAfterPointingAllocatesNothing(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        int[] shape = Catalogue.Variant(name).Shape(Length);
        float[][] values = [Draw.Floats(1, Length), Draw.Floats(2, Length)];
        float[][] gradients = [Draw.Floats(3, Length), Draw.Floats(4, Length)];
        for (int threads = 1; threads <= 2; threads++)
        {
            using var set = new ParameterSet();
            Parameter view = set.AddView("large", shape, new float[Length]);
            Parameter rare = set.AddView("rare", [5], new float[5]);
            float[] ofRare = new float[5];
            var optimizer = new ModelOptimizer(
                set, Catalogue.GroupsOf(options), new() { Clip = new ClipByGlobalNorm(), ZeroGradients = true, Threads = threads });
            int step = 0;

            // As an autograd engine does: the gradients are elsewhere in each step, and removed after it.
            Allocations.Of(() =>
            {
                step++;
                gradients[step % 2].AsSpan().Fill(0.5f);
                view.PointGradientsAt(gradients[step % 2]);
                rare.PointGradientsAt(ofRare);
                optimizer.Step();
                view.PointGradientsAt(null);
                rare.PointGradientsAt(null);
            }).Should().Be(0, $"gradients elsewhere, {threads} threads");

            var other = new ModelOptimizer(set, Catalogue.GroupsOf(options), new() { Clip = new ClipByGlobalNorm(), Threads = threads });
            Draw.Floats(5, Length).CopyTo(gradients[0], 0);
            view.PointGradientsAt(gradients[0]);
            long least = long.MaxValue;
            for (int i = 0; i < 6; i++)
            {
                view.PointValuesAt(values[i % 2]);
                long before = GC.GetAllocatedBytesForCurrentThread();
                other.Step();
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            least.Should().Be(0, $"values elsewhere, {threads} threads");
        }
    }

    [Fact]
    public void ViewWithoutGradientsTakesNoPart()
    {
        float[] values = Draw.Floats(1, 4);
        using var set = new ParameterSet();
        Parameter view = set.AddView("view", [2, 2], values);
        Parameter other = set.Add("other", 3);
        other.Gradients.Fill(1);
        view.HasGradientBuffer.Should().BeFalse();
        view.HasGradient.Should().BeTrue("this is the setting of the user");
        other.HasGradientBuffer.Should().BeTrue();
        view.Invoking(p => p.Gradients.Length).Should().Throw<InvalidOperationException>()
            .WithMessage("*\"view\" has no gradient buffer*PointGradientsAt*");
        var optimizer = new ModelOptimizer(set, new AdamWOptions(), new() { ZeroGradients = true });
        StepReport report = optimizer.Step();
        (report.Updated, report.WithoutGradient).Should().Be((1, 1));
        report.GradientNorm.Should().Be(Math.Sqrt(3));
        values.ShouldHaveTheBitsOf(Draw.Floats(1, 4), "values");
        optimizer.StateOf("view").Iteration.Should().Be(0);

        float[] gradients = [1, 1, 1, 1];
        view.PointGradientsAt(gradients);
        view.HasGradientBuffer.Should().BeTrue();
        optimizer.Step().Updated.Should().Be(2);
        gradients.Should().Equal(0, 0, 0, 0);
        view.HasGradient = false;
        optimizer.Step().WithoutGradient.Should().Be(1, "the user says so");
        view.HasGradient = true;
        view.PointGradientsAt(null);
        view.HasGradientBuffer.Should().BeFalse();
        float[] before = [.. values];
        gradients.AsSpan().Fill(7);
        optimizer.Step().WithoutGradient.Should().Be(1);
        set.ZeroGradients();
        gradients.Should().Equal(7, 7, 7, 7);
        values.ShouldHaveTheBitsOf(before, "values");
        optimizer.StateOf("view").Iteration.Should().Be(1);
        optimizer.StateOf("other").Iteration.Should().Be(4);
    }

    [Fact]
    public void SetWithoutAnyGradientsHasNothingToUpdate()
    {
        using var set = new ParameterSet();
        set.AddView("a", [3], new float[3]);
        new ModelOptimizer(set, new SgdOptions()).Step().Outcome.Should().Be(StepOutcome.NothingToUpdate);
        new ClipByGlobalNorm().Apply(set).Should().Be(0);
        set.Dispose();
        set.Invoking(s => s.ZeroGradients()).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void EmptyViewTakesPartWithEmptyGradients()
    {
        using var set = new ParameterSet();
        Parameter empty = set.AddView("empty", [0], Memory<float>.Empty, Memory<float>.Empty);
        var optimizer = new ModelOptimizer(set, new AdamOptions());
        optimizer.Step().Updated.Should().Be(1);
        empty.PointGradientsAt(Memory<float>.Empty);
        empty.HasGradientBuffer.Should().BeTrue();
        empty.PointGradientsAt(Array.Empty<float>());
        optimizer.Step().Updated.Should().Be(1);
        empty.PointGradientsAt(null);
        optimizer.Step().Outcome.Should().Be(StepOutcome.NothingToUpdate);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void RefusedCallChangesNothing(string name)
    {
        using var fixture = new Fixture();
        string before = fixture.ToString();
        (Action<Fixture> call, Type thrown, string message) = _refused[name];
        Exception exception = ((Action)(() => call(fixture))).Should().Throw<Exception>().WithMessage(message).Which;
        exception.Should().BeOfType(thrown);
        fixture.ToString().Should().Be(before);
    }

    [Fact]
    public void ReplacedValuesCannotBePointedElsewhere()
    {
        using var fixture = new Fixture();
        var average = new ExponentialMovingAverage(fixture.Set);
        average.Update();
        using (average.SwapIn())
        {
            fixture.Set["a"].Invoking(a => a.PointValuesAt(new float[4])).Should().Throw<InvalidOperationException>();
            fixture.Set["a"].PointValuesAt(fixture.OfA.Address);
        }

        fixture.Set["a"].PointValuesAt(new float[4]);
    }

    [Fact]
    public void EveryPinIsReleased()
    {
        var set = new ParameterSet();
        CountedMemory<float>[] all = [.. Enumerable.Range(0, 6).Select(_ => new CountedMemory<float>(4))];
        Parameter view = set.AddView("view", [4], all[0].Memory, all[1].Memory);
        Parameter table = set.AddTableView("table", 2, 2, all[5].Memory);
        Pins(1, 1, 0, 0, 0, 1);
        view.PointValuesAt(all[2].Memory);
        view.PointGradientsAt(all[3].Memory);
        Pins(0, 0, 1, 1, 0, 1);
        view.PointValuesAt(all[2].Memory);
        view.PointGradientsAt(all[3].Memory);
        Pins(0, 0, 1, 1, 0, 1);
        view.Invoking(v => v.PointValuesAt(all[3].Memory)).Should().Throw<ArgumentException>();
        view.Invoking(v => v.PointGradientsAt(all[2].Memory)).Should().Throw<ArgumentException>();
        Pins(0, 0, 1, 1, 0, 1);
        view.PointGradientsAt(all[1].Address);
        Pins(0, 0, 1, 0, 0, 1);
        view.PointGradientsAt(all[3].Memory);
        view.PointGradientsAt(null);
        view.PointValuesAt(all[0].Address);
        Pins(0, 0, 0, 0, 0, 1);
        table.PointValuesAt(all[4].Memory);
        Pins(0, 0, 0, 0, 1, 0);
        view.PointGradientsAt(all[3].Memory);
        set.Dispose();
        Pins(0, 0, 0, 0, 0, 0);
        view.Invoking(v => v.PointGradientsAt(all[1].Memory)).Should().Throw<ObjectDisposedException>();
        view.Invoking(v => v.PointValuesAt(all[1].Memory)).Should().Throw<ObjectDisposedException>();
        Pins(0, 0, 0, 0, 0, 0);
        Array.ForEach(all, memory => memory.AllPins.Should().BePositive());

        void Pins(params int[] expected) => all.Select(memory => memory.Pins).Should().Equal(expected);
    }

    [Fact]
    public void GradientsThatOverlapAfterPointingAreRefusedWhereTheyAreWritten()
    {
        float[] shared = Draw.Floats(1, 6);
        foreach ((string name, Action<ParameterSet> use) in new (string, Action<ParameterSet>)[]
                 {
                     ("zeroed", set => new ModelOptimizer(set, new SgdOptions(), new() { ZeroGradients = true }).Step()),
                     ("clipped", set => new ModelOptimizer(set, new SgdOptions(), new() { Clip = new AdaptiveClip() }).Step()),
                     ("clipped", set => new ClipByGlobalNorm().Apply(set)),
                     ("zeroed", set => new Sam(new ModelOptimizer(set, new SgdOptions())).Ascend()),
                     ("accumulated", set => new GradientAccumulator(new ModelOptimizer(set, new SgdOptions()), new() { MicroBatches = 2 }).Step()),
                 })
        {
            using ParameterSet set = Views();
            Overlap(set);
            set.Invoking(use).Should().Throw<ArgumentException>().WithMessage($"*gradients of \"b\" overlap those of \"a\"*cannot be {name}*");
        }

        // The check is made again whenever gradients have moved.
        using ParameterSet later = Views();
        var zeroing = new ModelOptimizer(later, new SgdOptions(), new() { ZeroGradients = true });
        var model = new ModelOptimizer(later, new SgdOptions());
        var sam = new Sam(model);
        var accumulator = new GradientAccumulator(model, new() { MicroBatches = 2 });
        zeroing.Step();
        accumulator.Step();
        accumulator.Discard();
        sam.Ascend();
        sam.Step();
        float[] before = later["a"].Values.ToArray();
        Overlap(later);
        float[] given = [.. shared];
        foreach (Action step in (Action[])[() => zeroing.Step(), () => sam.Ascend(), () => accumulator.Step(), () => sam.Step(() => given.CopyTo(shared, 0))])
        {
            step.Should().Throw<ArgumentException>().WithMessage("*overlap*");
            step.Should().Throw<ArgumentException>("it is checked each time").WithMessage("*overlap*");
            shared.ShouldHaveTheBitsOf(given, "gradients");
            later["a"].Values.ToArray().ShouldHaveTheBitsOf(before, "values");
        }

        accumulator.Accumulated.Should().Be(0);
        sam.HasAscended.Should().BeFalse();
        model.Step().Updated.Should().Be(2, "a step that only reads them needs no separate memory");
        later["b"].PointGradientsAt(new float[3]);
        zeroing.Step().Updated.Should().Be(2);

        ParameterSet Views()
        {
            var set = new ParameterSet();
            set.AddView("a", [3], new float[3], new float[3]);
            set.AddView("b", [3], new float[3], new float[3]);
            return set;
        }

        void Overlap(ParameterSet set)
        {
            set["a"].PointGradientsAt(shared.AsMemory(0, 3));
            set["b"].PointGradientsAt(shared.AsMemory(2, 3));
        }
    }

    [Fact]
    public void AddedParameterWithOverlappingGradientsIsRefused()
    {
        float[] shared = new float[3];
        using var set = new ParameterSet();
        set.AddView("a", [3], new float[3], shared);
        var optimizer = new ModelOptimizer(set, new SgdOptions(), new() { ZeroGradients = true });
        optimizer.Step();
        set.AddView("b", [3], new float[3], shared);
        optimizer.Invoking(o => o.Step()).Should().Throw<ArgumentException>().WithMessage("*gradients of \"b\" overlap*");
    }

    [Fact]
    public void PointedTableKeepsItsRows()
    {
        float[][] values = [Draw.Floats(1, 12), Draw.Floats(2, 12)];
        float[] expected = [.. values[1]];
        using var set = new ParameterSet();
        Parameter table = set.AddTableView("table", 4, 3, values[0]);
        var optimizer = new ModelOptimizer(set, new SparseAdamOptions());
        float[] gradients = Draw.Floats(3, 6);
        table.SetRowGradients([1, 3], gradients);
        optimizer.Step();
        table.PointValuesAt(values[1]);
        optimizer.Step();
        var alone = new SparseAdam(12);
        alone.Step(Draw.Floats(1, 12), new RowGradients([1, 3], gradients, 3));
        alone.Step(expected, new RowGradients([1, 3], gradients, 3));
        values[1].ShouldHaveTheBitsOf(expected, "values");
        optimizer.StateOf("table").Save().ShouldHaveTheBitsOf(alone.State.Save(), "state");
    }

    // The rate search saves the gradients. A view may be pointed elsewhere while it runs.
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void RateSearchRestoresPointedViews(bool hasGradientsBefore, bool hasGradientsAfter)
    {
        using var set = new ParameterSet();
        Parameter view = set.AddView("view", [5], Draw.Floats(1, 5));
        var optimizer = new ModelOptimizer(set, new AdamOptions());
        float[] before = view.Values.ToArray();
        if (hasGradientsBefore)
        {
            view.PointGradientsAt(new float[5]);
        }

        int step = 0;
        RateFinder.Find(
            optimizer,
            _ =>
            {
                view.PointGradientsAt(Draw.Floats(step++, 5));
                optimizer.Step();
                if (!hasGradientsAfter)
                {
                    view.PointGradientsAt(null);
                }

                return 1;
            },
            new() { Points = 10, Smoothing = 0 });
        step.Should().Be(10);
        view.Values.ToArray().ShouldHaveTheBitsOf(before, "values");
        optimizer.StateOf("view").Iteration.Should().Be(0);
    }

    private sealed class Fixture : IDisposable
    {
        public Fixture()
        {
            Set.Add("own", 4);
            Set.AddView("a", [4], OfA.Address, OfA.Address + 4);
            Set.AddView("b", [4], OfB.Memory[..4], OfB.Memory[4..]);
            Set.AddTableView("table", 2, 2, new float[4]);
        }

        public ParameterSet Set { get; } = new();

        public CountedMemory<float> OfA { get; } = new(8);

        public CountedMemory<float> OfB { get; } = new(8);

        public CountedMemory<float> Free { get; } = new(8);

        public override string ToString() =>
            string.Join(", ", Set.Select(p => $"{p} {(nuint)p.ValuesAddress} {(nuint)p.GradientsAddress} {p.HasGradientBuffer}"))
            + $", {OfA.Pins}, {OfB.Pins}, {Set.ElementCount}";

        public void Dispose() => Set.Dispose();
    }
}
