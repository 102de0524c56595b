namespace Optimizers.Tests;

/// <summary>Groups and settings that differ between file and program, and which of the two applies.</summary>
public sealed class RegroupTests
{
    private static readonly CheckpointLoadOptions _otherGroups = new() { AllowDifferentGroups = true };

    [Fact]
    public void FileOfOneGroupLoadsIntoTwo()
    {
        using var folder = new TemporaryFolder();
        using var one = new Run(new ParameterGroup(new AdamWOptions()));
        one.Train(5);
        one.Checkpoint.Save(folder["run"]);
        one.Train(5);

        using var two = new Run(new ParameterGroup(new AdamWOptions()) { Where = p => p.Name == "b" }, new ParameterGroup(new AdamWOptions()));
        string before = two.ToString();
        two.Checkpoint.Invoking(checkpoint => checkpoint.Load(folder["run"])).Should().Throw<CheckpointException>()
            .WithMessage($"*1 groups in the file, but 2 here*{nameof(CheckpointLoadOptions.AllowDifferentGroups)}*");
        two.ToString().Should().Be(before);
        CheckpointReport report = two.Checkpoint.Load(folder["run"], _otherGroups);
        report.UpdateCount.Should().Be(5);
        report.Differences.Should().Equal(
            "there are 1 groups in the file, but 2 here", "parameter \"a\" is in group 0 in the file, but in group 1 here");
        two.Train(5);
        two.ToString().Should().Be(one.ToString());

        two.Checkpoint.Save(folder["two"]);
        using var back = new Run(new ParameterGroup(new AdamWOptions()));
        back.Checkpoint.Load(folder["two"], _otherGroups);
        back.ToString().Should().Be(two.ToString());
    }

    [Fact]
    public void StateOfAnotherOptimizerStartsFreshAndIsReported()
    {
        using var folder = new TemporaryFolder();
        using var one = new Run(new ParameterGroup(new AdamWOptions()));
        one.Train(5);
        one.Checkpoint.Save(folder["run"]);

        using var two = new Run(
            new ParameterGroup(new LionOptions()) { Where = p => p.Name == "b" }, new ParameterGroup(new AdamWOptions()));
        two.Train(2);
        two.Checkpoint.Invoking(checkpoint => checkpoint.Load(folder["run"])).Should().Throw<CheckpointException>()
            .WithMessage("*groups[0] has \"AdamW\" in the file, but \"Lion\" here*");
        CheckpointReport report = two.Checkpoint.Load(folder["run"], _otherGroups);
        report.Differences.Should().ContainSingle(line => line.Contains("\"b\" is reset", StringComparison.Ordinal));
        report.Left.Should().BeEquivalentTo("state.b.exp_avg", "state.b.exp_avg_sq", "state.b.step");
        two.Set["b"].Values.ShouldHaveTheBitsOf(one.Set["b"].Values, "b");
        two.Optimizer.StateOf("b").Iteration.Should().Be(0);
        two.Optimizer.StateOf("b")["exp_avg"].IndexOfAnyExcept(0f).Should().Be(-1);
        two.Optimizer.StateOf("a").Save().ShouldHaveTheBitsOf(one.Optimizer.StateOf("a").Save(), "a");
        two.Optimizer.UpdateCount.Should().Be(5);
    }

    [Fact]
    public void OptionsAreComparedInChangedGroups()
    {
        using var folder = new TemporaryFolder();
        using var one = new Run(new ParameterGroup(new AdamWOptions()));
        one.Checkpoint.Save(folder["run"]);
        using var two = new Run(
            new ParameterGroup(new AdamWOptions { Beta1 = 0.8 }) { Where = p => p.Name == "b" }, new ParameterGroup(new AdamWOptions()));
        two.Checkpoint.Invoking(checkpoint => checkpoint.Load(folder["run"], _otherGroups)).Should().Throw<CheckpointException>()
            .WithMessage($"*groups[0].optimizer.beta1 is 0.9 in the file, but 0.8 here*{nameof(CheckpointLoadOptions.AllowDifferentOptions)}*");
        two.Checkpoint.Load(folder["run"], _otherGroups with { AllowDifferentOptions = true })
            .Differences.Should().Contain("groups[0].optimizer.beta1 is 0.9 in the file, but 0.8 here");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LoadOfAllParametersContinuesTheSchedule(bool all)
    {
        using var folder = new TemporaryFolder();
        using var run = new Run(new ParameterGroup(new AdamWOptions()));
        run.Train(5);
        run.Checkpoint.Save(folder["run"]);
        using var other = new Run(new ParameterGroup(new AdamWOptions()));
        CheckpointReport report = other.Checkpoint.LoadWhere(folder["run"], name => all || name == "a");
        report.UpdateCount.Should().Be(all ? 5 : 0);
        other.Optimizer.LearningRateOf(other.Optimizer.Groups[0]).Should()
            .Be(all ? run.Optimizer.LearningRateOf(run.Optimizer.Groups[0]) : 0.1);
        report.Untouched.Contains("update_count").Should().Be(!all);
    }

    [Theory]
    [InlineData("all")]
    [InlineData("some")]
    [InlineData("everything")]
    public void GivenUpdateCountReplacesThatOfTheFile(string what)
    {
        using var folder = new TemporaryFolder();
        using var run = new Run(new ParameterGroup(new AdamWOptions()));
        run.Train(5);
        run.Checkpoint.Save(folder["run"]);
        using var other = new Run(new ParameterGroup(new AdamWOptions()));
        CheckpointReport report = other.Checkpoint.Load(folder["run"], new()
        {
            UpdateCount = 3,
            Where = what == "everything" ? null : name => what == "all" || name == "a",
        });
        report.UpdateCount.Should().Be(3);
        other.Optimizer.UpdateCount.Should().Be(3);
        other.Optimizer.StateOf("a").Iteration.Should().Be(5, "each parameter has its own count");
    }

    // The program's own setting of a group, different from that of the file.
    public static TheoryData<string> Settings() => ["rate factor", "decay", "frozen"];

    [Theory]
    [MemberData(nameof(Settings))]
    public void ChangedGroupSettingIsRestoredAndListed(string setting)
    {
        using var folder = new TemporaryFolder();
        using var run = new Run(new ParameterGroup(new AdamWOptions()));
        run.Train(2);
        Change(run.Optimizer.Groups[0], setting);
        run.Train(1);
        run.Checkpoint.Save(folder["run"]);

        using var resumed = new Run(new ParameterGroup(new AdamWOptions()));
        CheckpointReport report = resumed.Checkpoint.Load(folder["run"]);
        report.Changes.Should().ContainSingle().Which.Should().StartWith("groups[0].");
        report.Differences.Should().BeEmpty();
        GroupSettings.Of(resumed.Optimizer.Groups[0]).Should().Be(GroupSettings.Of(run.Optimizer.Groups[0]));
        resumed.Checkpoint.Save(folder["resumed"]);
        File.ReadAllBytes(folder["resumed"]).Should().Equal(File.ReadAllBytes(folder["run"]));

        // The current settings of the run are not a difference.
        using var told = new Run(new ParameterGroup(new AdamWOptions()));
        Change(told.Optimizer.Groups[0], setting);
        told.Checkpoint.Load(folder["run"]).Changes.Should().BeEmpty();

        // Return to an earlier file in the same run: later settings are not settings of the program.
        run.Optimizer.Groups[0].RateFactor = 0.125;
        run.Checkpoint.Load(folder["run"]);
        GroupSettings.Of(run.Optimizer.Groups[0]).Should().Be(GroupSettings.Of(resumed.Optimizer.Groups[0]));
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void GroupSettingThatDiffersFromFileAndStartThrowsOrIsKept(string setting)
    {
        using var folder = new TemporaryFolder();
        using var run = new Run(new ParameterGroup(new AdamWOptions()));
        run.Train(2);
        run.Checkpoint.Save(folder["run"]);

        using var other = new Run(new ParameterGroup(new AdamWOptions()));
        Change(other.Optimizer.Groups[0], setting);
        GroupSettings settings = GroupSettings.Of(other.Optimizer.Groups[0]);
        string before = other.ToString();
        other.Checkpoint.Invoking(checkpoint => checkpoint.Load(folder["run"])).Should().Throw<CheckpointException>()
            .WithMessage($"*groups[0].*in the file, but*here*{nameof(CheckpointLoadOptions.AllowDifferentOptions)}*");
        other.ToString().Should().Be(before);
        CheckpointReport report = other.Checkpoint.Load(folder["run"], new() { AllowDifferentOptions = true });
        report.Differences.Should().ContainSingle().Which.Should().StartWith("groups[0].");
        report.Changes.Should().BeEmpty();
        GroupSettings.Of(other.Optimizer.Groups[0]).Should().Be(settings);
    }

    [Fact]
    public void DecayInTheFileDoesNotReplaceADecaySchedule()
    {
        using var folder = new TemporaryFolder();
        using var run = new Run(new ParameterGroup(new AdamWOptions()) { WeightDecay = 0.2 });
        run.Train(2);
        run.Checkpoint.Save(folder["run"]);
        using var scheduled = new Run(new ParameterGroup(new AdamWOptions()) { WeightDecaySchedule = new Constant(0.1) });
        string before = scheduled.ToString();
        scheduled.Checkpoint.Invoking(checkpoint => checkpoint.Load(folder["run"])).Should().Throw<CheckpointException>()
            .WithMessage("*weightDecaySchedule*");
        scheduled.ToString().Should().Be(before);
        CheckpointReport report = scheduled.Checkpoint.Load(folder["run"], new() { AllowDifferentOptions = true });
        report.Differences.Should().Contain(line => line.StartsWith("groups[0].WeightDecay is 0.2 in the file", StringComparison.Ordinal));
        scheduled.Optimizer.Groups[0].WeightDecay.Should().BeNull();
        scheduled.Optimizer.UpdateCount.Should().Be(2);
        scheduled.ToString().Should().Be(run.ToString());
    }

    [Fact]
    public void RemovedGradientsAreListed()
    {
        using var folder = new TemporaryFolder();
        using var run = new Run(new ParameterGroup(new AdamWOptions()));
        run.Set["a"].HasGradient = false;
        run.Checkpoint.Save(folder["run"]);
        using var other = new Run(new ParameterGroup(new AdamWOptions()));
        other.Checkpoint.Load(folder["run"]).Changes.Should().Equal("parameter \"a\" had a gradient before the load, and has none now, as in the file");
        other.Set["a"].HasGradient.Should().BeFalse();
    }

    [Fact]
    public void ChangedGroupsTakeTheSettingsOfTheirParameters()
    {
        using var folder = new TemporaryFolder();
        using var one = new Run(new ParameterGroup(new AdamWOptions()));
        one.Train(2);
        one.Optimizer.Groups[0].RateFactor = 0.1;
        one.Optimizer.Groups[0].WeightDecay = 0.5;
        one.Train(1);
        one.Checkpoint.Save(folder["run"]);
        one.Train(2);
        using var two = new Run(new ParameterGroup(new AdamWOptions()) { Where = p => p.Name == "b" }, new ParameterGroup(new AdamWOptions()));
        two.Checkpoint.Load(folder["run"], _otherGroups).Changes.Should().HaveCount(4);
        two.Train(2);
        two.ToString().Should().Be(one.ToString());

        // Merging groups with different settings is reported.
        two.Optimizer.Groups[1].RateFactor = 0.2;
        two.Checkpoint.Save(folder["two"]);
        using var back = new Run(new ParameterGroup(new AdamWOptions()));
        back.Checkpoint.Load(folder["two"], _otherGroups).Differences.Should().ContainSingle(line => line.Contains("RateFactor", StringComparison.Ordinal));
        back.Optimizer.Groups[0].RateFactor.Should().Be(1);
    }

    [Fact]
    public void SchedulesAreComparedInChangedGroups()
    {
        using var folder = new TemporaryFolder();
        using var one = new Run(new ParameterGroup(new AdamWOptions()) { Schedule = new Constant(0.01) });
        one.Checkpoint.Save(folder["run"]);
        using var two = new Run(new ParameterGroup(new AdamWOptions()) { Where = p => p.Name == "b" }, new ParameterGroup(new AdamWOptions()));
        two.Checkpoint.Invoking(checkpoint => checkpoint.Load(folder["run"], _otherGroups)).Should().Throw<CheckpointException>()
            .WithMessage("*groups[0].schedule*groups[1].schedule*");
    }

    [Fact]
    public void MergedGroupsThatShareADistanceAreReported()
    {
        using var folder = new TemporaryFolder();
        using var two = new Run(new ParameterGroup(new ProdigyOptions()) { Where = p => p.Name == "b" }, new ParameterGroup(new ProdigyOptions()));
        two.Train(3);
        two.Checkpoint.Save(folder["run"]);
        using var one = new Run(new ParameterGroup(new ProdigyOptions()));
        one.Checkpoint.Load(folder["run"], _otherGroups).Differences.Should().Contain(line => line.Contains("share the scalars", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void MomentumScheduleMayBeAddedOrRemoved(bool comes)
    {
        using var folder = new TemporaryFolder();
        using var source = new Run(Group(!comes));
        source.Train(3);
        source.Checkpoint.Save(folder["run"]);
        using var target = new Run(Group(comes));
        target.Train(2);
        target.Checkpoint.Load(folder["run"], new() { AllowDifferentOptions = true });
        target.Optimizer.StateOf("a").MomentumProduct.Should().Be(source.Optimizer.StateOf("a").MomentumProduct);
        target.Train(1);

        static ParameterGroup Group(bool scheduled) =>
            new(new AdamWOptions()) { MomentumSchedule = scheduled ? new Linear(0.5, 0.9, 10) : null };
    }

    [Fact]
    public void ModelAddedAsAPartMayChangeItsOptimizers()
    {
        using var folder = new TemporaryFolder();
        using var source = new Run(new ParameterGroup(new AdamWOptions()));
        source.Train(3);
        Part(source).Save(folder["run"]);
        using var target = new Run(new ParameterGroup(new LionOptions()));
        CheckpointReport report = Part(target).Load(folder["run"], _otherGroups);
        report.Left.Should().Contain("model.state.a.exp_avg_sq");
        target.Set["a"].Values.ShouldHaveTheBitsOf(source.Set["a"].Values, "a");
        target.Optimizer.UpdateCount.Should().Be(3);

        static Checkpoint Part(Run run)
        {
            var checkpoint = new Checkpoint();
            checkpoint.Add("model", run.Optimizer);
            return checkpoint;
        }
    }

    private static void Change(ParameterGroup group, string setting)
    {
        switch (setting)
        {
            case "rate factor":
                group.RateFactor = 0.5;
                break;
            case "decay":
                group.WeightDecay = 0.3;
                break;
            default:
                group.Frozen = true;
                break;
        }
    }

    private sealed class Run : IDisposable
    {
        public Run(params ParameterGroup[] groups)
        {
            Set.Add("a", 3).Values.Fill(1);
            Set.Add("b", 2, 2).Values.Fill(2);
            Optimizer = new ModelOptimizer(Set, groups, new ModelOptimizerOptions { Schedule = new Linear(0.1, 0.01, 10) });
            Checkpoint = new Checkpoint(Optimizer);
        }

        public ParameterSet Set { get; } = new();

        public ModelOptimizer Optimizer { get; }

        public Checkpoint Checkpoint { get; }

        public void Train(int steps)
        {
            for (int i = 0; i < steps; i++)
            {
                foreach (Parameter parameter in Set)
                {
                    parameter.Values.CopyTo(parameter.Gradients);
                }

                Optimizer.Step();
            }
        }

        public override string ToString() => $"{Optimizer.UpdateCount} " + string.Join(" ", Set.Select(parameter =>
            $"{string.Join(",", parameter.Values.ToArray())}/{Optimizer.StateOf(parameter.Name).Iteration}/"
            + string.Join("/", Optimizer.StateOf(parameter.Name).Save().Slots.Select(slot => string.Join(",", slot.Value.ToArray())))));

        public void Dispose() => Set.Dispose();
    }
}
