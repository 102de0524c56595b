namespace Optimizers.Tests;

/// <summary>Checkpoints include the state of a clip.</summary>
public sealed class OwnClipStateTests
{
    [Fact]
    public void RunWithStatefulClipResumes()
    {
        using var folder = new TemporaryFolder();
        using ParameterSet set = Set();
        var clip = new RunningClip();
        ModelOptimizer optimizer = Of(set, clip);
        Train(optimizer, 0, 6);
        new Checkpoint(optimizer).Save(folder["run"]).NotSaved.Should().BeEmpty();
        double mean = clip.Mean;
        Train(optimizer, 6, 6);
        clip.Mean.Should().NotBe(mean);

        using ParameterSet other = Set();
        var resumedClip = new RunningClip();
        ModelOptimizer resumed = Of(other, resumedClip);
        CheckpointReport report = new Checkpoint(resumed).Load(folder["run"]);
        (report.Untouched, report.Left).Should().BeEquivalentTo((Array.Empty<string>(), Array.Empty<string>()));
        (resumedClip.Mean, resumedClip.Commits).Should().Be((mean, 6));
        Train(resumed, 6, 6);
        other["a"].Values.ShouldHaveTheBitsOf(set["a"].Values, "a");
        resumedClip.Mean.Should().Be(clip.Mean);
    }

    [Fact]
    public void LoadWithAnotherClipLeavesTheStateInTheFile()
    {
        using var folder = new TemporaryFolder();
        using ParameterSet set = Set();
        ModelOptimizer optimizer = Of(set, new RunningClip());
        Train(optimizer, 0, 2);
        new Checkpoint(optimizer).Save(folder["run"]);
        string[] names = ["gradient_clip.commits", "gradient_clip.mean", "gradient_clip.variance"];

        var other = new Checkpoint(Of(set, new ClipByGlobalNorm()));
        other.Invoking(one => one.Load(folder["run"])).Should().Throw<CheckpointException>()
            .WithMessage($"*options.Clip*{nameof(CheckpointLoadOptions.AllowDifferentOptions)}*");
        new Checkpoint(Of(set, new RunningClip(threshold: 2))).Invoking(one => one.Load(folder["run"])).Should().Throw<CheckpointException>()
            .WithMessage("*options.clip.$text is RunningClip { Threshold = 1, *in the file, but RunningClip { Threshold = 2, *here*");
        other.Load(folder["run"], new() { AllowDifferentOptions = true }).Left.Order().Should().Equal(names);
        other.Save(folder["other"]);
        new Checkpoint(Of(set, new RunningClip())).Load(folder["other"], new() { AllowDifferentOptions = true })
            .Untouched.Order().Should().Equal(names);
    }

    [Fact]
    public void ParameterNamedLikeTheClipIsNotTheClip()
    {
        using var folder = new TemporaryFolder();
        using ParameterSet set = Set();
        set.Add("gradient_clip.mean", 2);
        new Checkpoint(Of(set, new RunningClip())).Save(folder["run"]);
        using ParameterSet less = Set();
        new Checkpoint(Of(less, new RunningClip())).Invoking(one => one.Load(folder["run"], new() { AllowDifferentOptions = true }))
            .Should().Throw<CheckpointException>().WithMessage("*unexpected*gradient_clip.mean*");
    }

    [Fact]
    public void ClipThatIsAlsoAddedByHandIsListedOnce()
    {
        using ParameterSet set = Set();
        var clip = new RunningClip();
        var checkpoint = new Checkpoint(Of(set, clip));
        checkpoint.Add("clip", clip);
        using SafetensorsReader file = SafetensorsBytes.Open(CheckpointBytes.Of(checkpoint));
        file.Tensors.Select(tensor => tensor.Name).Where(name => name.EndsWith("mean", StringComparison.Ordinal)).Should().Equal("clip.mean");
        checkpoint.Invoking(one => one.Add("gradient_clip", new ExponentialMovingAverage(set))).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void RateSearchRestoresTheClip()
    {
        using ParameterSet set = Set();
        var clip = new RunningClip();
        ModelOptimizer optimizer = Of(set, clip);
        Train(optimizer, 0, 3);
        (double mean, long commits) = (clip.Mean, clip.Commits);
        RateSweep.Try(
            optimizer,
            (_, _) =>
            {
                Train(optimizer, 3, 1);
                return 1;
            },
            new RateSweepOptions { Rates = [1e-5, 1e-4], Steps = 6 });
        (clip.Mean, clip.Commits).Should().Be((mean, commits));
    }

    private static ModelOptimizer Of(ParameterSet set, IGradientClip clip) => new(set, new AdamWOptions { LearningRate = 0.01 }, new() { Clip = clip });

    private static ParameterSet Set()
    {
        var set = new ParameterSet();
        Draw.Floats(1, 5).CopyTo(set.Add("a", 5).Values);
        return set;
    }

    private static void Train(ModelOptimizer optimizer, int first, int steps)
    {
        for (int step = first; step < first + steps; step++)
        {
            Draw.Floats(step, 5, 1 + (step % 3)).CopyTo(optimizer.Parameters["a"].Gradients);
            optimizer.Step();
        }
    }
}
