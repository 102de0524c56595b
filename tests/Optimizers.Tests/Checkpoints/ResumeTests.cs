namespace Optimizers.Tests;

/// <summary>A resumed run has the same bits as an uninterrupted one.</summary>
public sealed class ResumeTests
{
    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public async Task ResumedRunHasTheSameBits(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizerOptions options = variant.Options;
        int[] places = Catalogue.IsRepresentative(variant) ? [0, 1, 3, 7, 18, 33] : [1, 18];
        using var folder = new TemporaryFolder();
        using var whole = new TrainingRun(options);
        int done = 0;
        foreach (int at in places)
        {
            whole.Run(done, at);
            done = at;
            whole.Checkpoint.Save(folder[$"{at}"]);
        }

        whole.Run(done, TrainingRun.Steps);
        IReadOnlyDictionary<string, float[]> expected = whole.Everything();
        foreach (int at in places)
        {
            using var resumed = new TrainingRun(options, at, threads: 2);
            CheckpointReport report = at % 2 == 0
                ? resumed.Checkpoint.Load(folder[$"{at}"])
                : await resumed.Checkpoint.LoadAsync(folder[$"{at}"]);
            report.UpdateCount.Should().Be(at);
            report.Left.Concat(report.Untouched).Concat(report.Differences).Concat(report.NotCompared).Should().BeEmpty();
            resumed.Run(at, TrainingRun.Steps);
            resumed.ShouldBe(expected, $"resumed at step {at}");
        }
    }

    [Fact]
    public void LoadReplacesAllStateOfARunningOptimizer()
    {
        using var folder = new TemporaryFolder();
        using var run = new TrainingRun(new AdamWOptions());
        run.Run(0, 9);
        IReadOnlyDictionary<string, float[]> then = run.Everything();
        run.Checkpoint.Save(folder["run"]);
        run.Run(9, 25);
        run.Checkpoint.Load(folder["run"]);
        run.ShouldBe(then, "loaded");
    }

    [Fact]
    public void SameRunGivesTheSameFile()
    {
        using var folder = new TemporaryFolder();
        foreach (int threads in new[] { 1, 2 })
        {
            using var run = new TrainingRun(new LionOptions(), threads: threads);
            run.Run(0, 5);
            run.Checkpoint.Save(folder[$"{threads}"]);
        }

        File.ReadAllBytes(folder["1"]).Should().Equal(File.ReadAllBytes(folder["2"]));
    }

    [Fact]
    public void LoadUpdatesTheRoundedCopy()
    {
        using var folder = new TemporaryFolder();
        using var set = new ParameterSet();
        set.Add("w", 3).Values.Fill(1.5f);
        var checkpoint = new Checkpoint(new ModelOptimizer(set, new SgdOptions()));
        checkpoint.Save(folder["run"]);
        set["w"].Values.Fill(3);
        set["w"].KeepBFloat16Copy();
        checkpoint.Load(folder["run"]);
        set["w"].BFloat16Values.ToArray().Should().Equal(Enumerable.Repeat(BFloat16.Round(1.5f), 3));
    }

    [Fact]
    public void OptimizerOfOneBufferIsResumed()
    {
        using var folder = new TemporaryFolder();
        float[] start = Draw.Floats(1, 100);
        float[][] gradients = Draw.Gradients(2, 10, 100);
        Outcome whole = Outcome.Of(new Adam(100), start, gradients);
        var first = new Adam(100);
        Outcome half = Outcome.Of(first, start, gradients[..5]);
        var checkpoint = new Checkpoint();
        checkpoint.Add("adam", first.State);
        checkpoint.Save(folder["run"]);

        var second = new Adam(100);
        var resumed = new Checkpoint();
        resumed.Add("adam", second.State);
        resumed.Load(folder["run"]).UpdateCount.Should().BeNull();
        Outcome.Of(second, half.Parameters, gradients[5..]).ShouldHaveTheBitsOf(whole, "resumed");
    }
}
