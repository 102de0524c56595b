namespace Optimizers.Tests;

/// <summary>A file contains everything that belongs to the run, or the save reports the missing parts.</summary>
public sealed class RunContentsTests
{
    // The places for a schedule with state, each as a model that has it there.
    private static readonly Dictionary<string, Func<ReduceOnPlateau, ParameterSet, ModelOptimizer>> _places = new()
    {
        ["model"] = (plateau, set) => Of(set, plateau),
        ["group"] = (plateau, set) => new(set, [new ParameterGroup(new SgdOptions()) { Schedule = plateau }]),
        ["second group"] = (plateau, set) => new(
            set,
            [
                new ParameterGroup(new SgdOptions()) { Where = parameter => parameter.Name == "a" },
                new ParameterGroup(new SgdOptions()) { Schedule = plateau },
            ]),
        ["momentum"] = (plateau, set) => new(set, [new ParameterGroup(new MomentumOptions()) { MomentumSchedule = plateau.Clamp(0, 0.9) }]),
        ["decay"] = (plateau, set) => new(set, [new ParameterGroup(new AdamWOptions { LearningRate = 0.1 }) { WeightDecaySchedule = plateau }]),
        ["warmup"] = (plateau, set) => Of(set, plateau.WithWarmup(1)),
        ["scale"] = (plateau, set) => Of(set, plateau.Scale(0.5)),
        ["product"] = (plateau, set) => Of(set, new Cosine(1, 100).Times(plateau)),
        ["clamp"] = (plateau, set) => Of(set, plateau.Clamp(0, 0.9)),
        ["shift"] = (plateau, set) => Of(set, plateau.Shift(1)),
        ["in epochs"] = (plateau, set) => Of(set, plateau.InEpochs(3)),
        ["per epoch"] = (plateau, set) => Of(set, plateau.PerEpoch(3)),
        ["then"] = (plateau, set) => Of(set, new Constant(0.1).Then(1, plateau)),
        ["sequence"] = (plateau, set) => Of(set, new Sequence([plateau, new Constant(0.1)], [1_000])),
        ["nested"] = (plateau, set) => Of(set, new Constant(2).Times(plateau.WithWarmup(1).Scale(0.5)).Clamp(0, 1)),
        ["a schedule of the user's"] = (plateau, set) => Of(set, new Mine(plateau)),
        ["everywhere"] = (plateau, set) => new(
            set, [new ParameterGroup(new SgdOptions()) { Schedule = plateau }], new() { Schedule = plateau.Scale(2).Times(plateau) }),
    };

    public static TheoryData<string> Places() => [.. _places.Keys];

    [Theory]
    [MemberData(nameof(Places))]
    public void ScheduleWithStateIsSavedWithTheOptimizer(string place)
    {
        using var folder = new TemporaryFolder();
        using var set = Set();
        var plateau = new ReduceOnPlateau(0.8, factor: 0.1, patience: 1);
        ModelOptimizer optimizer = _places[place](plateau, set);
        Train(optimizer, plateau, 7);
        plateau.Rate.Should().BeLessThan(0.8);
        new Checkpoint(optimizer).Save(folder["run"]).NotSaved.Should().BeEmpty();
        Train(optimizer, plateau, 9);

        using var other = Set();
        var resumedPlateau = new ReduceOnPlateau(0.8, factor: 0.1, patience: 1);
        ModelOptimizer resumed = _places[place](resumedPlateau, other);
        new Checkpoint(resumed).Load(folder["run"]);
        Train(resumed, resumedPlateau, 9);
        resumedPlateau.Rate.Should().Be(plateau.Rate);
        resumedPlateau.Best.Should().Be(plateau.Best);
        foreach (Parameter parameter in set)
        {
            other[parameter.Name].Values.ShouldHaveTheBitsOf(parameter.Values, parameter.Name);
        }
    }

    [Fact]
    public void ScheduleThatIsAlsoAddedByHandIsListedOnce()
    {
        using var set = Set();
        var plateau = new ReduceOnPlateau(0.8);
        var checkpoint = new Checkpoint(_places["warmup"](plateau, set));
        checkpoint.Add("plateau", plateau);
        using SafetensorsReader file = SafetensorsBytes.Open(CheckpointBytes.Of(checkpoint));
        file.Metadata.Keys.Where(key => key.EndsWith("reduce_on_plateau", StringComparison.Ordinal)).Should().Equal("plateau.reduce_on_plateau");
    }

    [Fact]
    public void LoadWithAnotherScheduleLeavesTheStateInTheFile()
    {
        using var folder = new TemporaryFolder();
        using var set = Set();
        var plateau = new ReduceOnPlateau(0.8);
        new Checkpoint(Of(set, plateau)).Save(folder["run"]);
        var other = new Checkpoint(Of(set, new Constant(0.1)));
        other.Invoking(one => one.Load(folder["run"])).Should().Throw<CheckpointException>()
            .WithMessage($"*options.schedule*{nameof(CheckpointLoadOptions.AllowDifferentOptions)}*");
        other.Load(folder["run"], new() { AllowDifferentOptions = true }).Left.Should().Equal("schedules.model.0.reduce_on_plateau");
        other.Save(folder["constant"]);
        new Checkpoint(Of(set, plateau)).Load(folder["constant"], new() { AllowDifferentOptions = true })
            .Untouched.Should().Equal("schedules.model.0.reduce_on_plateau");
    }

    [Fact]
    public void RateSearchRestoresAScheduleWithAHistory()
    {
        using var set = Set();
        var plateau = new ReduceOnPlateau(0.8, factor: 0.1, patience: 1);
        ModelOptimizer optimizer = Of(set, plateau.WithWarmup(1));
        Train(optimizer, plateau, 2);
        (double rate, double best) = (plateau.Rate, plateau.Best);
        double Step(double tried)
        {
            Train(optimizer, plateau, 1);
            return 1;
        }

        RateFinder.Find(optimizer, Step, new RateFinderOptions { Points = 20, LowestRate = 1e-5, HighestRate = 1e-3 });
        (plateau.Rate, plateau.Best).Should().Be((rate, best));
        RateSweep.Try(optimizer, (tried, _) => Step(tried), new RateSweepOptions { Rates = [1e-5, 1e-4], Steps = 6 });
        (plateau.Rate, plateau.Best).Should().Be((rate, best));
        Train(optimizer, plateau, 2);
        plateau.Rate.Should().BeLessThan(rate, "the search restores the count of bad metrics too");
    }

    [Fact]
    public void SaveReportsPartsThatWereNotAdded()
    {
        using var folder = new TemporaryFolder();
        using var model = new WrappedModel();
        var lookahead = new Lookahead(model.Optimizer);
        var accumulator = new GradientAccumulator(lookahead, new() { MicroBatches = 3 });
        var exponential = new ExponentialMovingAverage(model.Parameters);
        var uniform = new WeightAverage(model.Parameters);
        var second = new ModelOptimizer(model.Parameters, new SgdOptions(), new() { Name = "second" });
        var checkpoint = new Checkpoint(model.Optimizer);
        checkpoint.Save(folder["run"]).NotSaved.Should().BeEmpty("no part has state before the first step");
        for (int i = 0; i < 5; i++)
        {
            model.DrawGradients(i);
            StepReport report = accumulator.Step();
            exponential.Update(report);
            uniform.Update(report);
        }

        second.Step();
        CheckpointSaveReport saved = checkpoint.Save(folder["run"]);
        saved.NotSaved.Should().HaveCount(5).And.ContainSingle(line => line.StartsWith("Lookahead:", StringComparison.Ordinal))
            .And.ContainSingle(line => line.StartsWith("GradientAccumulator:", StringComparison.Ordinal) && line.Contains("2 of 3", StringComparison.Ordinal))
            .And.ContainSingle(line => line.StartsWith("ExponentialMovingAverage:", StringComparison.Ordinal))
            .And.ContainSingle(line => line.StartsWith("WeightAverage:", StringComparison.Ordinal))
            .And.ContainSingle(line => line.StartsWith("ModelOptimizer \"second\"", StringComparison.Ordinal));
        (saved.Path, saved.Bytes, saved.HasParameters).Should().Be((folder["run"], new FileInfo(folder["run"]).Length, true));

        checkpoint.Add("lookahead", lookahead);
        checkpoint.Add("accumulator", accumulator);
        checkpoint.Add("both", new Both(exponential, uniform));
        checkpoint.Add("second", second);
        checkpoint.Save(folder["run"]).NotSaved.Should().BeEmpty("objects listed by a user's part count as added");
    }

    [Fact]
    public void FileContainsParametersUnlessExcluded()
    {
        using var folder = new TemporaryFolder();
        using var model = new WrappedModel();
        model.DrawGradients(1);
        model.Optimizer.Step();
        new Checkpoint(model.Optimizer).Save(folder["with"]).HasParameters.Should().BeTrue();
        var without = new Checkpoint(model.Optimizer) { IncludeParameters = false };
        without.Save(folder["without"]).HasParameters.Should().BeFalse();
        using (SafetensorsReader file = SafetensorsReader.Open(folder["without"]))
        {
            file.Metadata["parameters"].Should().Be("not included");
        }

        using var fresh = new WrappedModel();
        foreach (Parameter parameter in fresh.Parameters)
        {
            parameter.Values.Fill(7);
        }

        float[] sevens = fresh.All;
        var target = new Checkpoint(fresh.Optimizer);
        target.Invoking(one => one.Load(folder["without"])).Should().Throw<CheckpointException>()
            .WithMessage($"*{nameof(Checkpoint.IncludeParameters)} = false*{nameof(CheckpointLoadOptions.ParametersFromElsewhere)}*");
        target.Invoking(one => one.LoadWhere(folder["without"], name => name == "matrix")).Should().Throw<CheckpointException>()
            .WithMessage($"*{nameof(CheckpointLoadOptions.ParametersFromElsewhere)}*");
        fresh.Optimizer.UpdateCount.Should().Be(0);
        target.Load(folder["without"], new() { ParametersFromElsewhere = true }).Untouched.Should().Contain("parameters.matrix");
        fresh.Optimizer.UpdateCount.Should().Be(1);
        fresh.All.Should().Equal(sevens);
        target.Load(folder["with"]).Untouched.Should().BeEmpty();
        fresh.All.ShouldHaveTheBitsOf(model.All, "loaded");
        without.Load(folder["without"]).Untouched.Should().BeEmpty();
    }

    [Fact]
    public void FileOfAWrapperAloneReportsMissingParts()
    {
        using var folder = new TemporaryFolder();
        using var model = new WrappedModel();
        var lookahead = new Lookahead(model.Optimizer);
        lookahead.Step();
        var checkpoint = new Checkpoint();
        checkpoint.Add("lookahead", lookahead);
        CheckpointSaveReport saved = checkpoint.Save(folder["run"]);
        saved.HasParameters.Should().BeFalse();
        saved.NotSaved.Should().ContainSingle().Which.Should().StartWith("ModelOptimizer");
        using SafetensorsReader file = SafetensorsReader.Open(folder["run"]);
        file.Metadata["parameters"].Should().Be("not included");
    }

    [Fact]
    public void LoadReportsUnchangedParts()
    {
        using var folder = new TemporaryFolder();
        using var model = new WrappedModel();
        var accumulator = new GradientAccumulator(model.Optimizer, new() { MicroBatches = 3 });
        var checkpoint = new Checkpoint(model.Optimizer);
        checkpoint.Save(folder["run"]);
        checkpoint.Load(folder["run"]).NotLoaded.Should().BeEmpty();
        accumulator.Step();
        checkpoint.Load(folder["run"]).NotLoaded.Should().ContainSingle().Which.Should().Contain("1 of 3");
    }

    [Fact]
    public void ConsecutiveSkipsContinueAfterALoad()
    {
        using var model = new WrappedModel();
        var options = new ModelOptimizerOptions { NonFinite = NonFinitePolicy.Skip, MaximumConsecutiveSkips = 3 };
        var optimizer = new ModelOptimizer(model.Parameters, new SgdOptions(), options);
        model.Parameters["matrix"].Gradients.Fill(float.NaN);
        optimizer.Step();
        optimizer.Step();
        byte[] file = CheckpointBytes.Of(new Checkpoint(optimizer));
        var resumed = new ModelOptimizer(model.Parameters, new SgdOptions(), options);
        CheckpointBytes.Load(new Checkpoint(resumed), file);
        StepReport report = resumed.Step();
        (report.ConsecutiveSkips, report.Skips).Should().Be((3, 3));
        resumed.Invoking(one => one.Step()).Should().Throw<NonFiniteGradientException>().WithMessage("*3 skipped steps*");
    }

    [Fact]
    public void ProductOfMomentaIsKeptWithoutItsSchedule()
    {
        using var set = Set();
        var scheduled = new ModelOptimizer(set, [new ParameterGroup(new AdamOptions()) { MomentumSchedule = new Linear(0.5, 0.9, 9) }]);
        Train(scheduled, new ReduceOnPlateau(1), 3);
        double product = scheduled.StateOf("a").MomentumProduct!.Value;
        byte[] file = CheckpointBytes.Of(new Checkpoint(scheduled));

        // Without the schedule, the state continues from the product, and files keep it.
        var plain = new ModelOptimizer(set, new AdamOptions());
        plain.StateOf("a").Load(scheduled.StateOf("a").Save());
        plain.StateOf("b").Load(scheduled.StateOf("b").Save());
        byte[] kept = CheckpointBytes.Of(new Checkpoint(plain));
        var resumed = new ModelOptimizer(set, [new ParameterGroup(new AdamOptions()) { MomentumSchedule = new Linear(0.5, 0.9, 9) }]);
        CheckpointBytes.Load(new Checkpoint(resumed), kept, new() { AllowDifferentOptions = true });
        resumed.StateOf("a").MomentumProduct.Should().Be(product);
        CheckpointBytes.Load(new Checkpoint(resumed), file);
        resumed.StateOf("b").MomentumProduct.Should().Be(product);
    }

    [Fact]
    public void TwoModelsFitInOneFile()
    {
        using var folder = new TemporaryFolder();
        using var generator = new WrappedModel();
        using var critic = new WrappedModel(new MomentumOptions { Momentum = 0.9 });
        Checkpoint checkpoint = Of(generator, critic);
        foreach (WrappedModel model in new[] { generator, critic, critic })
        {
            model.DrawGradients(1);
            model.Optimizer.Step();
        }

        checkpoint.Save(folder["run"]).NotSaved.Should().BeEmpty();
        using var newGenerator = new WrappedModel();
        using var newCritic = new WrappedModel(new MomentumOptions { Momentum = 0.9 });
        Checkpoint target = Of(newGenerator, newCritic);
        target.Load(folder["run"]);
        newGenerator.All.ShouldHaveTheBitsOf(generator.All, "generator");
        newCritic.All.ShouldHaveTheBitsOf(critic.All, "critic");
        newCritic.Optimizer.UpdateCount.Should().Be(2);
        newCritic.Optimizer.StateOf("matrix").Save().ShouldHaveTheBitsOf(critic.Optimizer.StateOf("matrix").Save(), "critic");

        var average = new WeightAverage(critic.Parameters);
        average.Update();
        checkpoint.Save(folder["run"]).NotSaved.Should().ContainSingle().Which.Should().StartWith("WeightAverage");
        using (average.SwapIn())
        {
            checkpoint.Invoking(one => one.Save(folder["run"])).Should().Throw<InvalidOperationException>().WithMessage("*average*");
        }

        static Checkpoint Of(WrappedModel generator, WrappedModel critic)
        {
            var checkpoint = new Checkpoint(generator.Optimizer);
            checkpoint.Add("critic", critic.Optimizer);
            return checkpoint;
        }
    }

    private static ModelOptimizer Of(ParameterSet set, ILrSchedule schedule) =>
        new(set, new SgdOptions(), new ModelOptimizerOptions { Schedule = schedule });

    private static ParameterSet Set()
    {
        var set = new ParameterSet();
        set.Add("a", 3).Values.Fill(1);
        set.Add("b", 2).Values.Fill(2);
        return set;
    }

    private static void Train(ModelOptimizer optimizer, ReduceOnPlateau plateau, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            foreach (Parameter parameter in optimizer.Parameters)
            {
                parameter.Gradients.Fill(0.25f);
            }

            optimizer.Step();
            plateau.Observe(4);
        }
    }

    private sealed class Both(ICheckpointed one, ICheckpointed other) : ICheckpointed
    {
        public void Describe(CheckpointManifest contents)
        {
            one.Describe(contents.Under("one"));
            other.Describe(contents.Under("other"));
        }
    }

    private sealed class Mine(ReduceOnPlateau plateau) : ILrSchedule, ICheckpointed
    {
        public double At(long step) => plateau.At(step) / 2;

        public void Describe(CheckpointManifest contents) => plateau.Describe(contents);
    }
}
