namespace Optimizers.Tests;

/// <summary>Parameters that are frozen or have no gradient do not move, decay, age or count in the norm. Later they continue unchanged.</summary>
public sealed class RestingTests
{
    private const int Length = 9;

    private static readonly float[] _start = Draw.Floats(1, Length);
    private static readonly float[][] _gradients = Draw.Gradients(2, 8, Length);

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void ParameterWithoutGradientIsUnchanged(string name) =>
        CheckRests(name, (set, _, resting) => set["a"].HasGradient = !resting);

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void FrozenGroupIsUnchanged(string name) =>
        CheckRests(name, (_, group, resting) => group.Frozen = resting);

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void ZeroGradientCountsAsGradient(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        using var set = new ParameterSet();
        _start.CopyTo(set.Add("a", variant.Shape(Length)).Values);
        var optimizer = new ModelOptimizer(set, variant.Options);
        optimizer.Step().Should().Be(Reports.Of(StepOutcome.Applied, rate: variant.Options.LearningRate, norm: 0, clipFactor: 1, updated: 1, withoutGradient: 0, frozen: 0));
        optimizer.StateOf("a").Iteration.Should().Be(1);
        set["a"].Values.ToArray().ShouldHaveTheBitsOf(
            Outcome.Of(variant.Make(Length, variant.Options, 1), _start, [new float[Length]]).Parameters, "values");
    }

    [Fact]
    public void NormExcludesFrozenAndMissingGradients()
    {
        using var set = new ParameterSet();
        set.AddRange(("moving", [2]), ("frozen", [2]), ("missing", [2]));
        ((float[])[3, 4]).CopyTo(set["moving"].Gradients);
        set["frozen"].Gradients.Fill(1e9f);
        set["missing"].Gradients.Fill(float.NaN);
        set["missing"].HasGradient = false;
        var frozen = new ParameterGroup(new SgdOptions()) { Where = p => p.Name == "frozen", Frozen = true };
        var optimizer = new ModelOptimizer(
            set, [frozen, new ParameterGroup(new SgdOptions { LearningRate = 0.5 })], new() { Clip = new ClipByGlobalNorm { MaximumNorm = 1 } });
        StepReport report = optimizer.Step();
        report.GradientNorm.Should().Be(5);
        report.ClipFactor.Should().Be(1 / (5 + 1e-6));
        report.Should().Be(Reports.Of(StepOutcome.Applied, rate: 0.5, norm: 5, clipFactor: report.ClipFactor, updated: 1, withoutGradient: 1, frozen: 1));
        new ClipByGlobalNorm().Apply(set).Should().BeGreaterThan(1e9, "Apply does not know the groups, so it includes the frozen parameter");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void StepWithoutActiveParametersIsNoUpdate(bool clips)
    {
        using var set = new ParameterSet();
        set.AddRange(("a", [2]), ("b", [2]));
        set["a"].Gradients.Fill(1);
        set["a"].HasGradient = false;
        var b = new ParameterGroup(new AdamOptions()) { Where = p => p.Name == "b", Frozen = true };
        var a = new ParameterGroup(new AdamOptions());
        var optimizer = new ModelOptimizer(
            set, [b, a], new() { Clip = clips ? new ClipByGlobalNorm() : null, Schedule = new FunctionSchedule(k => k + 1) });
        for (int attempt = 0; attempt < 2; attempt++)
        {
            optimizer.Step().Should().Be(Reports.Of(StepOutcome.NothingToUpdate, rate: 1, norm: 0, clipFactor: 1, updated: 0, withoutGradient: 1, frozen: 1));
            optimizer.UpdateCount.Should().Be(0);
            optimizer.StateOf("a").Iteration.Should().Be(0);
        }

        a.Frozen = true;
        optimizer.Step().Should().Be(Reports.Of(StepOutcome.NothingToUpdate, rate: double.NaN, norm: 0, clipFactor: 1, updated: 0, withoutGradient: 0, frozen: 2));
        set.SelectMany(p => p.Values.ToArray()).Should().OnlyContain(value => value == 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ZeroGradientsIncludesFrozenParameters(bool clips)
    {
        using var set = new ParameterSet();
        set.AddRange(("moving", [2]), ("frozen", [3]), ("missing", [4]));
        foreach (Parameter parameter in set)
        {
            parameter.Gradients.Fill(1);
        }

        set["missing"].HasGradient = false;
        var frozen = new ParameterGroup(new SgdOptions()) { Where = p => p.Name == "frozen", Frozen = true };
        new ModelOptimizer(
            set,
            [frozen, new ParameterGroup(new SgdOptions())],
            new() { ZeroGradients = true, Clip = clips ? new ClipByGlobalNorm() : null }).Step();
        set.SelectMany(p => p.Gradients.ToArray()).Should().OnlyContain(g => g == 0);
        set["missing"].HasGradient.Should().BeFalse("the step keeps the user's setting");
    }

    // "a" has no gradient in steps 3 and 4 of eight. The result must be the same as without these two steps.
    private static void CheckRests(string name, Action<ParameterSet, ParameterGroup, bool> rest)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        using var set = new ParameterSet();
        _start.CopyTo(set.Add("a", variant.Shape(Length)).Values);
        set.Add("b", 3).Gradients.Fill(1);
        var group = new ParameterGroup(variant.Options) { Where = p => p.Name == "a" };
        var optimizer = new ModelOptimizer(set, [group, new ParameterGroup(new SgdOptions())]);
        for (int step = 0; step < _gradients.Length; step++)
        {
            bool resting = step is 3 or 4;
            rest(set, group, resting);
            _gradients[step].CopyTo(set["a"].Gradients);
            var before = new Outcome(set["a"].Values.ToArray(), optimizer.StateOf("a").Save());
            StepReport report = optimizer.Step();
            report.Updated.Should().Be(resting ? 1 : 2);
            (report.WithoutGradient + report.Frozen).Should().Be(resting ? 1 : 0);
            if (resting)
            {
                new Outcome(set["a"].Values.ToArray(), optimizer.StateOf("a").Save()).ShouldHaveTheBitsOf(before, "resting");
            }
        }

        Outcome expected = Outcome.Of(variant.Make(Length, variant.Options, 1), _start, [.. _gradients[..3], .. _gradients[5..]]);
        new Outcome(set["a"].Values.ToArray(), optimizer.StateOf("a").Save()).ShouldHaveTheBitsOf(expected, "afterwards");
        optimizer.UpdateCount.Should().Be(8);
        optimizer.StateOf("b").Iteration.Should().Be(8);
    }

    [Fact]
    public void ReportCountsFrozenAndMissingGradients()
    {
        using var set = new ParameterSet();
        set.Add("a", Length);
        set.Add("b", Length);
        var group = new ParameterGroup(new SgdOptions()) { Where = p => p.Name == "a", Frozen = true };
        var optimizer = new ModelOptimizer(set, [group, new ParameterGroup(new SgdOptions())]);
        optimizer.Step().Should().Match<StepReport>(report => report.Frozen == 1 && report.WithoutGradient == 0);
        group.Frozen = false;
        set["a"].HasGradient = false;
        optimizer.Step().Should().Match<StepReport>(report => report.Frozen == 0 && report.WithoutGradient == 1);
    }

    [Fact]
    public void RemovingAndRestoringAGradientBetweenStepsChangesNothing()
    {
        using var set = new ParameterSet();
        Parameter toggled = set.Add("a", Length);
        Parameter still = set.Add("b", Length);
        var optimizer = new ModelOptimizer(set, new AdamOptions());
        foreach (float[] gradients in _gradients)
        {
            gradients.CopyTo(toggled.Gradients);
            gradients.CopyTo(still.Gradients);
            toggled.HasGradient = false;
            toggled.HasGradient = true;
            optimizer.Step().Updated.Should().Be(2);
        }

        toggled.Values.ToArray().ShouldHaveTheBitsOf(still.Values.ToArray(), "values");
        optimizer.StateOf("a").Iteration.Should().Be(_gradients.Length);
    }

    [Fact]
    public void StateLoadedBetweenStepsIsContinued()
    {
        using var set = new ParameterSet();
        Parameter parameter = set.Add("a", Length);
        var optimizer = new ModelOptimizer(set, new AdamOptions());
        _gradients[0].CopyTo(parameter.Gradients);
        optimizer.Step();
        OptimizerSnapshot afterOne = optimizer.StateOf("a").Save();
        float[] values = parameter.Values.ToArray();
        optimizer.Step();
        float[] afterTwo = parameter.Values.ToArray();
        optimizer.StateOf("a").Load(afterOne);
        values.CopyTo(parameter.Values);
        optimizer.Step();
        optimizer.StateOf("a").Iteration.Should().Be(2);
        parameter.Values.ToArray().ShouldHaveTheBitsOf(afterTwo, "values");
    }
}
