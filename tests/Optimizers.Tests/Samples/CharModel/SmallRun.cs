extern alias CharModel;

using System.Globalization;
using CharModel::CharModel;
using CharTraining = CharModel::CharModel.Training;

namespace Optimizers.Tests.Samples.CharModel;

/// <summary>A run of some milliseconds, in this process or as a separate process.</summary>
internal static class SmallRun
{
    public const string Text = "Who's there?\nNay, answer me. Stand and unfold yourself.\nLong live the king!\n";

    public static RunSettings Settings { get; } = new(Steps: 120, Batch: 3, Context: 6, Width: 8, Layers: 1, Heads: 2, Rate: 0.01, Seed: 5);

    public static Corpus Corpus { get; } = new(Text);

    public static CharTraining Start(int threads = 1) => new(Settings, Corpus, threads);

    /// <summary>The command line of the run. Its text must be in text.txt.</summary>
    public static string[] Arguments(params string[] more) =>
    [
        "--steps", Number(Settings.Steps), "--batch", Number(Settings.Batch), "--context", Number(Settings.Context),
        "--width", Number(Settings.Width), "--layers", Number(Settings.Layers), "--heads", Number(Settings.Heads),
        "--rate", Settings.Rate.ToString(CultureInfo.InvariantCulture), "--seed", Number(Settings.Seed),
        "--data", "text.txt", .. more,
    ];

    /// <summary>The hash of the weights in the output of a run.</summary>
    public static string WeightsHashIn(SampleResult result) =>
        result.OutputLines.Single(line => line.StartsWith("weights: ", StringComparison.Ordinal))["weights: ".Length..];

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
