extern alias Benchmarks;

using System.CommandLine;
using Benchmarks::Optimizers.Benchmarks;

namespace Optimizers.Tests;

/// <summary>Tests compare --torch as far as that is possible without libtorch, which these tests do not have.</summary>
public sealed class TorchComparisonTests
{
    [Fact]
    public void TestsHaveNoCopyOfLibtorch() =>
        Directory.EnumerateFiles(AppContext.BaseDirectory, "*torch_cpu*", SearchOption.AllDirectories).Should().BeEmpty("it is 483 MB large, and only the benchmarks need it");

    // TorchSharp on its own would copy libtorch from the package cache.
    [Fact]
    public void WithoutLibtorchTheCommandFails()
    {
        CompareCommand.Make().Parse(["--torch"]).Invoke().Should().Be(1);
        TestsHaveNoCopyOfLibtorch();
    }

    [Fact]
    public void MessageHasTheInnermostReasonAndSaysWhatToDo()
    {
        string? message = TorchLibrary.Explain(() => throw new TypeInitializationException("torch", new DllNotFoundException("no file\nlibtorch.so.\n")));
        message.Should().StartWith("compare --torch needs libtorch, which cannot be loaded: no file libtorch.so. Run it")
            .And.Contain("Linux x64").And.Contain("Optimizers.Benchmarks.csproj").And.EndWith("The other commands do not need it.").And.NotContain("\n");
        TorchLibrary.Explain(() => { }).Should().BeNull();
        new Action(() => TorchLibrary.Explain(() => throw new InvalidOperationException("another error")))
            .Should().Throw<InvalidOperationException>("only an error of loading has this remedy");
    }

    [Fact]
    public void EveryTargetComparesCellsOfOneContest()
    {
        Cell[][] contests = [.. TorchContests.All().Select(contest => contest.Entrants.Select(entrant => entrant.Cell).ToArray())];
        foreach (TimeTarget target in TorchTargets.All.OfType<TimeTarget>())
        {
            target.Cells.Should().NotBeEmpty(target.Text);
            target.Cells.Should().OnlyContain(
                cell => contests.Count(cells => cells.Contains(cell) && cells.Contains(target.Against(cell))) == 1, target.Text);
        }
    }

    // A step against PyTorch's kernels has one of four targets, and every phase has the same.
    [Fact]
    public void EveryContestHasATarget()
    {
        Cell[] withTarget = [.. TorchTargets.All.OfType<TimeTarget>().SelectMany(target => target.Cells).Distinct()];
        Cell[] ofLibrary = [.. TorchContests.All().Select(contest => contest.Entrants.Single(entrant => Contenders.AreTheLibrary(entrant.Cell.Contender)).Cell)];
        withTarget.Should().BeEquivalentTo(ofLibrary);
    }

    [Fact]
    public void CheckWithoutTorchNamesTheCommandThatMeasures()
    {
        Verdict[] verdicts = [.. Targets.All.Select(target => target.Judge(new Results()))];
        string[] lines = [.. TargetReport.Lines(verdicts)];
        foreach (Target target in TorchTargets.All)
        {
            lines.Should().Contain($"not measured: {target.Text} (use compare --torch --check)");
        }
    }

    [Fact]
    public void TableHasMinimumMedianAndTheQuartilesOfTheRatio()
    {
        var results = new Results();
        var cell = new Cell("AdamW", Work.Step, 10, 1, 2, Contenders.Level2);
        results.Add(new ContestResult(
            [
                Of(cell, 20, 30, 25, 20, 40),
                Of(cell with { Contender = Contenders.Fused }, 50, 60, 50, 80, 400),
            ],
            []));
        Grid grid = MeasurementGrid.Torch(results);
        grid.Rows[0].Should().Equal("AdamW step", "10", "1", "2", "level 2", "2.000", "3.000", "", "", "0");
        grid.Rows[1].Should().Equal("AdamW step", "10", "1", "2", "PyTorch fused", "5.000", "8.000", "2.50", "2.00 to 4.00", "0");

        static Measurement Of(Cell cell, double best, params double[] rounds) =>
            new(cell, 0, new Timing(best, 0, rounds.Length) { OfRounds = rounds }, 28);
    }
}
