namespace Optimizers.Tests;

public sealed class OptimizerStateTests
{
    private const int Length = 37;

    private static readonly float[] _start = Draw.Floats(1, Length);
    private static readonly float[][] _gradients = Draw.Gradients(2, 20, Length);

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void LoadedStateContinuesWithTheSameBits(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        Outcome expected = Outcome.Of(variant.Make(Length, variant.Options, 1), _start, _gradients);
        Outcome first = Outcome.Of(variant.Make(Length, variant.Options, 1), _start, _gradients[..7]);

        IOptimizer another = variant.Make(Length, variant.Options, 1);
        another.State.Load(first.State);
        another.State.Save().ShouldHaveTheBitsOf(first.State, "saved again");
        Outcome.Of(another, first.Parameters, _gradients[7..]).ShouldHaveTheBitsOf(expected, "continued");
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void CloneIsIndependent(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizer optimizer = variant.Make(Length, variant.Options, 1);
        Outcome first = Outcome.Of(optimizer, _start, _gradients[..7]);
        IOptimizer clone = optimizer.Clone();
        clone.Should().BeOfType(optimizer.GetType());
        clone.LearningRate.Should().Be(optimizer.LearningRate);

        Outcome expected = Outcome.Of(optimizer, first.Parameters, _gradients[7..]);
        clone.State.Save().ShouldHaveTheBitsOf(first.State, "the clone's state");
        Outcome.Of(clone, first.Parameters, _gradients[7..]).ShouldHaveTheBitsOf(expected, "the clone's steps");
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void ResetRestoresTheInitialState(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizer optimizer = variant.Make(Length, variant.Options, 1);
        OptimizerSnapshot initial = optimizer.State.Save();
        Outcome expected = Outcome.Of(optimizer, _start, _gradients);
        optimizer.State.Reset();
        optimizer.State.Save().ShouldHaveTheBitsOf(initial, "state");
        Outcome.Of(optimizer, _start, _gradients).ShouldHaveTheBitsOf(expected, "again");
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void IterationCountsTheUpdates(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizer optimizer = variant.Make(Length, variant.Options, 1);
        float[] parameters = [.. _start];
        for (int step = 0; step < 5; step++)
        {
            optimizer.State.Iteration.Should().Be(step);
            optimizer.Step(parameters, _gradients[step]);
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void SlotsHaveNamesAndLengths(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        OptimizerState state = variant.Make(Length, variant.Options, 1).State;
        state.Length.Should().Be(Length);
        int[] lengths = [.. state.Slots.Select(slot => TensorShape.Of(variant.Shape(Length)).LengthOf(slot.Declared.Extent))];
        state.Bytes.Should().Be(4L * lengths.Sum());
        state.SlotNames.Should().OnlyHaveUniqueItems();
        state.SlotNames.Select(slot => state[slot].Length).Should().Equal(lengths);
    }

    [Fact]
    public void SnapshotIsACopy()
    {
        var optimizer = new Adam(Length);
        Outcome first = Outcome.Of(optimizer, _start, _gradients[..1]);
        float before = first.State.Slots["exp_avg"].Span[0];
        Outcome.Of(optimizer, _start, _gradients[1..]);
        first.State.Slots["exp_avg"].Span[0].Should().Be(before).And.NotBe(optimizer.State["exp_avg"][0]);
    }

    [Fact]
    public void SlotSpanFollowsLaterSteps()
    {
        var optimizer = new Adam(Length);
        ReadOnlySpan<float> slot = optimizer.State["exp_avg"];
        slot[0].Should().Be(0);
        optimizer.Step([.. _start], _gradients[0]);
        slot[0].Should().NotBe(0).And.Be(optimizer.State["exp_avg"][0]);
    }

    [Fact]
    public void StateOfAnotherOptimizerIsLoaded()
    {
        var source = new AdamW(Length);
        Outcome outcome = Outcome.Of(source, _start, _gradients);
        var target = new Adam(Length);
        target.WithStateOf(source).Should().BeSameAs(target);
        target.State.Save().ShouldHaveTheBitsOf(outcome.State, "state");
    }

    [Fact]
    public void InitialValuesComeFromTheOptions()
    {
        var optimizer = new AdaGrad(3, new AdaGradOptions { InitialAccumulator = 0.25 });
        optimizer.State["sum"].ToArray().Should().Equal(0.25f, 0.25f, 0.25f);
        optimizer.Step((float[])[1, 2, 3], (float[])[4, 5, 6]);
        optimizer.State.Reset();
        optimizer.State["sum"].ToArray().Should().Equal(0.25f, 0.25f, 0.25f);
    }

    public static TheoryData<string, OptimizerSnapshot, string> BadSnapshots()
    {
        float[] right = new float[Length];
        return new()
        {
            { "negative iteration", Snapshot(-1, ("exp_avg", right), ("exp_avg_sq", right)), "Iteration*-1" },
            { "missing slot", Snapshot(3, ("exp_avg", right)), "exp_avg, exp_avg_sq*found exp_avg." },
            { "no slots", Snapshot(3), "exp_avg, exp_avg_sq*found" },
            { "another slot", Snapshot(3, ("exp_avg", right), ("sum", right)), "exp_avg, exp_avg_sq*exp_avg, sum" },
            {
                "unexpected slot", Snapshot(3, ("exp_avg", right), ("exp_avg_sq", right), ("max_exp_avg_sq", right)),
                "exp_avg, exp_avg_sq*max_exp_avg_sq"
            },
            { "short slot", Snapshot(3, ("exp_avg", right), ("exp_avg_sq", right[1..])), "exp_avg_sq*36*37" },
            { "long slot", Snapshot(3, ("exp_avg", [.. right, 0]), ("exp_avg_sq", right)), "exp_avg*38*37" },
        };
    }

    [Theory]
    [MemberData(nameof(BadSnapshots))]
    public void InvalidSnapshotThrowsAndChangesNothing(string what, OptimizerSnapshot snapshot, string message)
    {
        var optimizer = new Adam(Length);
        Outcome before = Outcome.Of(optimizer, _start, _gradients[..3]);
        optimizer.State.Invoking(state => state.Load(snapshot)).Should().Throw<ArgumentException>(what).WithMessage($"*{message}*");
        optimizer.State.Save().ShouldHaveTheBitsOf(before.State, what);
    }

    [Fact]
    public void NullThrows()
    {
        var optimizer = new Adam(Length);
        optimizer.State.Invoking(state => state.Load(null!)).Should().Throw<ArgumentNullException>().WithParameterName("snapshot");
        optimizer.State.Invoking(state => state.Load(new OptimizerSnapshot(1, null!))).Should().Throw<ArgumentNullException>();
        optimizer.State.Invoking(state => state[null!].Length).Should().Throw<ArgumentNullException>().WithParameterName("name");
        optimizer.Invoking(o => o.WithStateOf(null!)).Should().Throw<ArgumentNullException>().WithParameterName("source");
        optimizer.Invoking(_ => ((IOptimizer)null!).WithStateOf(optimizer)).Should().Throw<ArgumentNullException>().WithParameterName("optimizer");
    }

    [Fact]
    public void UnknownSlotThrowsAndListsTheSlots() =>
        new Adam(Length).State.Invoking(state => state["momentum"].Length)
            .Should().Throw<ArgumentException>().WithMessage("*\"momentum\"*\"exp_avg\", \"exp_avg_sq\"*").WithParameterName("name");

    private static OptimizerSnapshot Snapshot(long iteration, params (string Name, float[] Values)[] slots) =>
        new(iteration, slots.ToDictionary(slot => slot.Name, slot => (ReadOnlyMemory<float>)slot.Values));
}
