extern alias AdamByHand;

using AdamByHand::AdamByHand;
using Digits;
using FluentAssertions.Execution;
using Samples;
using Xunit.Abstractions;
using DigitsTraining = Digits.Training;

namespace Optimizers.Tests.Samples;

public sealed class TrainingTests(ITestOutputHelper output)
{
    private static readonly DigitsData _digits = DigitsData.Load(DataFile.PathOf("digits.csv"));

    [Fact]
    [Trait("Category", "Golden")]
    public void DigitsRunsMatchTheRecordings() => ForEachRun("epochs", (file, recorded) =>
    {
        Run run = DigitsTraining.Train(TrainingRecordings.Start<Plan>(file), TrainingRecordings.RecipeOf(recorded), _digits);
        recorded.ShouldHaveLosses(run.Losses);
        run.TestAccuracies.Should().HaveSameCount(recorded.TestAccuracy);
        foreach ((double accuracy, double expected) in run.TestAccuracies.Zip(recorded.TestAccuracy!))
        {
            accuracy.Should().BeApproximately(expected, 1.001 / _digits.Test.Count, "the accuracy may differ by one image");
        }
    });

    [Fact]
    [Trait("Category", "Golden")]
    public void DiagonalFlipRunsMatchTheRecordings() => ForEachRun("steps", (file, recorded) =>
    {
        var flip = TrainingRecordings.Start<DiagonalFlip>(file);
        double[] losses = flip.Train(TrainingRecordings.OptionsOf(recorded));
        recorded.ShouldHaveLosses([.. losses.Where((_, step) => step % flip.Every == 0), losses[^1]]);
    });

    [Fact]
    public void DigitsAreSplitAsDocumented()
    {
        _digits.Training.Should().HaveCount(1_433);
        _digits.Test.CountBy(digit => digit.Label).OrderBy(pair => pair.Key).Select(pair => pair.Value)
            .Should().Equal(36, 37, 36, 37, 37, 37, 37, 36, 35, 36);
    }

    [Fact]
    public void EachEpochVisitsEveryImageOnceInADifferentOrder()
    {
        var plan = DataFile.Read<Plan>("digits.json");
        int[][][] epochs = [.. Enumerable.Range(0, 2).Select(epoch => plan.Batches(epoch, 1_433).ToArray())];
        epochs[0].Should().HaveCount(plan.BatchCount(1_433)).And.Subject.First().Should().StartWith([0, 601, 1202, 370]);
        epochs[1][0][0].Should().Be(97);
        epochs.Should().OnlyContain(batches => batches.SelectMany(batch => batch).Order().SequenceEqual(Enumerable.Range(0, 1_433)));
    }

    [Fact]
    public void SamplesUseTheRecordedWeightsAndRecipes()
    {
        string digits = Path.Combine(TrainingRecordings.BuiltIn, "digits.json");
        var plan = TrainingRecordings.Start<Plan>(digits);
        DataFile.Read<Plan>("digits.json").Should().BeEquivalentTo(plan, options => options.WithStrictOrdering());
        DataFile.Read<DiagonalFlip>("diagonal-flip.json").Should().BeEquivalentTo(
            TrainingRecordings.Start<DiagonalFlip>(Path.Combine(TrainingRecordings.BuiltIn, "diagonal-flip.json")),
            options => options.WithStrictOrdering());

        long updates = plan.Epochs * plan.BatchCount(_digits.Training.Count);
        Recipe.All.Select(Described).Should().Equal(TrainingRecordings.Runs(digits).Select(TrainingRecordings.RecipeOf).Select(Described));

        (IOptimizerOptions Options, ILrSchedule? Schedule, ClipByGlobalNorm? Clip, double? WeightDecayOfBiases) Described(Recipe recipe) =>
            (recipe.Options, recipe.Schedule?.Invoke(updates), recipe.Clip, recipe.WeightDecayOfBiases);
    }

    private void ForEachRun(string property, Action<string, RecordedRun> check)
    {
        IReadOnlyList<string> files = TrainingRecordings.FilesWith(property);
        if (files.Count == 0)
        {
            output.WriteLine($"No test ran: {TrainingRecordings.Folder} has no recording with the property \"{property}\".");
        }

        using var scope = new AssertionScope();
        foreach (string file in files)
        {
            foreach (RecordedRun run in TrainingRecordings.Runs(file))
            {
                output.WriteLine($"{Path.GetFileName(file)}: {run.Optimizer} {run.Options}");
                check(file, run);
            }
        }
    }
}
