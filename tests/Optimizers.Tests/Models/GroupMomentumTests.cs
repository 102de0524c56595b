namespace Optimizers.Tests;

/// <summary>The momentum of a group, which can be changed between steps.</summary>
public sealed class GroupMomentumTests
{
    private const int Length = 37;
    private const int Steps = 12;

    // Never the default of an optimizer.
    private static readonly double[] _momenta = [.. Enumerable.Range(0, Steps).Select(step => 0.31 + (0.05 * ((step * 7) % Steps)))];

    public static TheoryData<string> WithMomentum() => Catalogue.VariantsWhere(variant => variant.Options.SchedulableMomentum is not null);

    public static TheoryData<string> WithoutMomentum() => Catalogue.VariantsWhere(variant => variant.Options.SchedulableMomentum is null);

    [Theory]
    [MemberData(nameof(WithMomentum))]
    public void ChangedMomentumHasTheBitsOfASchedule(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        using var scheduled = new Run(options, new Given(step => _momenta[step]));
        using var changed = new Run(options);
        for (int step = 0; step < Steps; step++)
        {
            changed.Group.Momentum = _momenta[step];
            changed.Optimizer.MomentumOf(changed.Group).Should().Be(_momenta[step]);
            scheduled.Step(step);
            changed.Step(step);
        }

        changed.ShouldHaveTheBitsOf(scheduled);
        changed.Optimizer.StateOf("p").MomentumProduct.Should().Be(scheduled.Optimizer.StateOf("p").MomentumProduct).And.NotBeNull();
    }

    [Fact]
    public void BiasCorrectionUsesTheProductOfTheBetas()
    {
        using var run = new Run(new AdamOptions { Beta1 = 0.8 });
        run.Step(0);
        run.Optimizer.StateOf("p").MomentumProduct.Should().BeNull();
        run.Group.Momentum = 0.5;
        run.Step(1);
        run.Optimizer.StateOf("p").MomentumProduct.Should().Be(0.8 * 0.5);
        run.Group.Momentum = null;
        run.Optimizer.MomentumOf(run.Group).Should().Be(0.8);
        run.Step(2);
        run.Optimizer.StateOf("p").MomentumProduct.Should().Be(0.8 * 0.5 * 0.8);
    }

    [Theory]
    [InlineData(typeof(AdamWOptions), 5)]
    [InlineData(typeof(AdamWOptions), 8)]
    [InlineData(typeof(AdamWOptions), 11)]
    [InlineData(typeof(MomentumOptions), 8)]
    [InlineData(typeof(LionOptions), 5)]
    public void ResumedRunHasTheSameBits(Type type, int at)
    {
        var options = (IOptimizerOptions)Activator.CreateInstance(type)!;
        using var whole = new Run(options, momentum: 0.7);
        byte[] file = [];
        for (int step = 0; step < Steps; step++)
        {
            if (step == at)
            {
                file = CheckpointBytes.Of(new Checkpoint(whole.Optimizer));
            }

            Take(whole, step);
        }

        using var resumed = new Run(options, momentum: 0.7);
        CheckpointReport report = CheckpointBytes.Load(new Checkpoint(resumed.Optimizer), file);
        report.Differences.Should().BeEmpty();
        report.Changes.Should().ContainSingle().Which.Should().Contain("groups[0].Momentum changed from 0.7 to");
        for (int step = at; step < Steps; step++)
        {
            Take(resumed, step);
        }

        resumed.ShouldHaveTheBitsOf(whole);
        resumed.Group.Momentum.Should().Be(whole.Group.Momentum);

        // A second resumption begins as the first.
        using var again = new Run(options, momentum: 0.7);
        CheckpointBytes.Load(new Checkpoint(again.Optimizer), CheckpointBytes.Of(new Checkpoint(resumed.Optimizer)));
        again.ShouldHaveTheBitsOf(whole);

        // Each change is made once. At the end the momentum is that of the options again.
        static void Take(Run run, int step)
        {
            run.Group.Momentum = step switch
            {
                3 => 0.45,
                6 => 0.85,
                9 => null,
                _ => run.Group.Momentum,
            };
            run.Step(step);
        }
    }

    [Theory]
    [InlineData(null, 0.8)]
    [InlineData(0.8, null)]
    [InlineData(0.8, 0.9)]
    public void AnotherMomentumInTheProgramIsRefused(double? there, double? here)
    {
        using var saved = new Run(new AdamOptions(), momentum: there);
        saved.Step(0);
        byte[] file = CheckpointBytes.Of(new Checkpoint(saved.Optimizer));
        using var other = new Run(new AdamOptions(), momentum: here);
        var checkpoint = new Checkpoint(other.Optimizer);
        float[] before = other.Values;
        string difference = string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"groups[0].Momentum is {there?.ToString() ?? "null"} in the file, but {here?.ToString() ?? "null"} here");
        FluentActions.Invoking(() => CheckpointBytes.Load(checkpoint, file)).Should().Throw<CheckpointException>()
            .WithMessage($"*{difference}*AllowDifferentOptions*");
        other.Values.ShouldHaveTheBitsOf(before, "values");
        other.Group.Momentum.Should().Be(here);
        CheckpointBytes.Load(checkpoint, file, new() { AllowDifferentOptions = true }).Differences.Should().ContainSingle().Which.Should().Contain(difference);
        other.Group.Momentum.Should().Be(here);
        other.Values.ShouldHaveTheBitsOf(saved.Values, "values");
    }

    [Fact]
    public void FileWithoutTheFieldLoads()
    {
        using var saved = new Run(new AdamOptions());
        saved.Step(0);
        byte[] file = CheckpointBytes.Of(new Checkpoint(saved.Optimizer));
        byte[] former = CheckpointBytes.WithHeader(file, header =>
        {
            string without = header.Replace(",\\\"momentum\\\":null", string.Empty, StringComparison.Ordinal);
            without.Should().NotBe(header).And.NotContain("\\\"momentum\\\"");
            return without;
        });
        using var resumed = new Run(new AdamOptions());
        CheckpointBytes.Load(new Checkpoint(resumed.Optimizer), former).Differences.Should().BeEmpty();
        resumed.ShouldHaveTheBitsOf(saved);
        using var other = new Run(new AdamOptions(), momentum: 0.5);
        FluentActions.Invoking(() => CheckpointBytes.Load(new Checkpoint(other.Optimizer), former)).Should().Throw<CheckpointException>()
            .WithMessage("*groups[0].Momentum is null in the file, but 0.5 here*");
    }

    [Theory]
    [InlineData("1")]
    [InlineData("1.5")]
    [InlineData("0.99999999")]
    [InlineData("-0.5")]
    [InlineData("\\\"x\\\"")]
    public void InvalidMomentumInAFileIsRefused(string value)
    {
        using var saved = new Run(new AdamOptions(), momentum: 0.625);
        saved.Step(0);
        byte[] file = CheckpointBytes.WithHeader(
            CheckpointBytes.Of(new Checkpoint(saved.Optimizer)), header => header.Replace("0.625", value, StringComparison.Ordinal));
        using var resumed = new Run(new AdamOptions(), momentum: 0.625);
        float[] before = resumed.Values;
        FluentActions.Invoking(() => CheckpointBytes.Load(new Checkpoint(resumed.Optimizer), file, new() { AllowDifferentOptions = true, AllowDifferentGroups = true }))
            .Should().Throw<CheckpointException>().WithMessage("*value \"groups\" in the file is invalid*");
        resumed.Values.ShouldHaveTheBitsOf(before, "values");
        resumed.Optimizer.StateOf("p").Iteration.Should().Be(0);
    }

    // The kind of optimizer differs, so the file's momentum has no meaning here.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void MomentumForAnOptimizerWithoutMomentumIsNotLoaded(bool sameKind)
    {
        IOptimizerOptions with = sameKind ? new RmsPropOptions { Momentum = 0.9 } : new AdamOptions();
        IOptimizerOptions without = sameKind ? new RmsPropOptions() : new SgdOptions();
        without.SchedulableMomentum.Should().BeNull();
        using var saved = new Run(with);
        saved.Step(0);
        saved.Group.Momentum = 0.25;
        saved.Step(1);
        byte[] file = CheckpointBytes.Of(new Checkpoint(saved.Optimizer));
        using var other = new Run(without);
        var allowed = new CheckpointLoadOptions { AllowDifferentGroups = true, AllowDifferentOptions = sameKind, Ignore = _ => true };
        if (sameKind)
        {
            // The slots differ too, so such a file is refused as a whole.
            FluentActions.Invoking(() => CheckpointBytes.Load(new Checkpoint(other.Optimizer), file)).Should().Throw<CheckpointException>()
                .WithMessage("*groups[0].Momentum is 0.25 in the file, but RmsPropOptions has no momentum that can change*");
        }

        CheckpointBytes.Load(new Checkpoint(other.Optimizer), file, allowed).Differences
            .Should().Contain(difference => difference.Contains("groups[0].Momentum is 0.25 in the file, but", StringComparison.Ordinal));
        other.Group.Momentum.Should().BeNull();
        other.Values.ShouldHaveTheBitsOf(saved.Values, "values");
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1)]
    [InlineData(1.5)]
    [InlineData(0.99999999)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void InvalidMomentumIsRefused(double momentum)
    {
        var group = new ParameterGroup(new AdamOptions()) { Momentum = 0.5 };
        group.Invoking(g => g.Momentum = momentum).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName(nameof(ParameterGroup.Momentum)).WithMessage($"*Momentum*{momentum.ToString(System.Globalization.CultureInfo.InvariantCulture)}*");
        group.Momentum.Should().Be(0.5);
        group.Momentum = 0;
        group.Momentum.Should().Be(0);
        group.ToString().Should().Contain(", momentum 0");
    }

    [Theory]
    [MemberData(nameof(WithoutMomentum))]
    public void OptimizerWithoutMomentumIsRefused(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        var group = new ParameterGroup(options) { Momentum = null };
        group.Invoking(g => g.Momentum = 0.5).Should().Throw<ArgumentException>()
            .WithParameterName(nameof(ParameterGroup.Momentum)).WithMessage($"*{options.GetType().Name} has no momentum*");
    }

    [Fact]
    public void ScheduleAndMomentumTogetherAreRefused()
    {
        var schedule = new Constant(0.5);
        foreach (Func<ParameterGroup> make in (Func<ParameterGroup>[])
                 [
                     () => new ParameterGroup(new AdamOptions()) { Momentum = 0.75, MomentumSchedule = schedule },
                     () => new ParameterGroup(new AdamOptions()) { MomentumSchedule = schedule, Momentum = 0.75 },
                     () => new GroupConfiguration { Optimizer = new AdamOptions(), Momentum = 0.75, MomentumSchedule = schedule }.Create(),
                 ])
        {
            make.Should().Throw<ArgumentException>().WithMessage("*Momentum is 0.75 and MomentumSchedule is set*");
        }
    }

    [Fact]
    public void ConfigurationSetsTheMomentum()
    {
        ModelConfiguration configuration = ModelConfiguration.Read("""{ "groups": [ { "optimizer": { "kind": "Adam" }, "momentum": 0.75 } ] }""");
        using var set = new ParameterSet();
        set.Add("p", 3);
        ModelOptimizer optimizer = configuration.Create(set);
        optimizer.MomentumOf(optimizer.Groups[0]).Should().Be(0.75);
    }

    private sealed class Given(Func<long, double> value) : ILrSchedule
    {
        public double At(long step) => value(step);
    }

    private sealed class Run : IDisposable
    {
        private readonly ParameterSet _set = new();

        public Run(IOptimizerOptions options, ILrSchedule? schedule = null, double? momentum = null)
        {
            Draw.Floats(1, Length).CopyTo(_set.Add("p", Catalogue.ShapeFor(options, Length)).Values);
            Draw.Floats(2, 5).CopyTo(_set.Add("rare", Catalogue.ShapeFor(options, 5)).Values);
            Group = new ParameterGroup(options) { MomentumSchedule = schedule, Momentum = momentum };
            Optimizer = new ModelOptimizer(_set, [Group]);
        }

        public ParameterGroup Group { get; }

        public ModelOptimizer Optimizer { get; }

        public float[] Values => [.. _set.SelectMany(parameter => parameter.Values.ToArray())];

        public void Step(int step)
        {
            foreach (Parameter parameter in _set)
            {
                Draw.Floats((100 * step) + parameter.Length, parameter.Length).CopyTo(parameter.Gradients);
            }

            _set["rare"].HasGradient = step % 3 == 1;
            Optimizer.Step();
        }

        public void ShouldHaveTheBitsOf(Run expected)
        {
            Values.ShouldHaveTheBitsOf(expected.Values, "values");
            foreach (Parameter parameter in _set)
            {
                Optimizer.StateOf(parameter.Name).Save().ShouldHaveTheBitsOf(expected.Optimizer.StateOf(parameter.Name).Save(), parameter.Name);
                Optimizer.StateOf(parameter.Name).MomentumProduct.Should().Be(expected.Optimizer.StateOf(parameter.Name).MomentumProduct);
            }
        }

        public void Dispose() => _set.Dispose();
    }
}
