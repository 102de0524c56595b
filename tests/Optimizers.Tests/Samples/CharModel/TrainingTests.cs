extern alias CharModel;

using CharModel::CharModel;
using CharTraining = CharModel::CharModel.Training;

namespace Optimizers.Tests.Samples.CharModel;

public sealed class TrainingTests
{
    private static readonly RunSettings _small =
        new(Steps: 60, Batch: 5, Context: 16, Width: 24, Layers: 2, Heads: 2, Rate: 0.01, Seed: 3);

    private static readonly Corpus _corpus = new(string.Concat(Enumerable.Repeat("Who's there? Nay, answer me. Long live the king!\n", 40)));

    [Fact]
    public void LossFallsOnTheTrainingTextAndOnTheValidationText()
    {
        using var training = new CharTraining(_small, _corpus, threads: 1);
        double uniform = Math.Log(_corpus.AlphabetSize);
        training.Validate(training.ValidationSequences).Should().BeApproximately(uniform, 0.3, "an untrained model predicts all characters with about the same probability");
        Train(training, _small.Steps);
        training.Smoothing.Mean.Should().BeLessThan(uniform / 2);
        training.Validate(training.ValidationSequences).Should().BeLessThan(uniform / 4, "the validation text repeats the training text");
    }

    [Fact]
    public void NumberOfThreadsChangesNoBit()
    {
        string[] hashes = [.. new[] { 1, 1, 2, 3, 8, 0 }.Select(threads =>
        {
            using var training = new CharTraining(_small, _corpus, threads);
            Train(training, 12);
            return $"{training.WeightsHash} {training.Smoothing.Mean:R} {training.Validate(5):R} {training.Write(40, 0.8)}";
        })];
        hashes.Distinct().Should().ContainSingle();
    }

    [Fact]
    public void SeedDeterminesTheWeights()
    {
        string[] hashes = [.. new[] { 1, 2, 3 }.Select(seed =>
        {
            using var training = new CharTraining(_small with { Seed = seed }, _corpus, threads: 1);
            return training.WeightsHash;
        })];
        hashes.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void OnlyTheMatricesOfLayersDecay()
    {
        using var training = new CharTraining(_small, _corpus, threads: 1);
        ParameterGroup[] groups = [.. training.Optimizer.Groups];
        groups.Select(group => group.Options.WeightDecay).Should().Equal(0.1, 0);
        training.Optimizer.Parameters.Where(parameter => groups[0].Where!(parameter)).Select(parameter => parameter.Name)
            .Should().Equal(
            [
                .. Enumerable.Range(0, _small.Layers).SelectMany(block => new[]
                {
                    $"block{block}.attention.input.weight", $"block{block}.attention.output.weight",
                    $"block{block}.network.input.weight", $"block{block}.network.output.weight",
                }),
                "head",
            ]);
    }

    [Fact]
    public void TemperatureZeroRepeatsTheTrainingText()
    {
        using var training = new CharTraining(_small with { Steps = 150 }, _corpus, threads: 0);
        Train(training, 150);
        training.Write(60, temperature: 0).Should().Contain("Long live the king!");
    }

    private static void Train(CharTraining training, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            training.Step();
        }
    }
}
