using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchDigits;

/// <summary>The time and the allocated memory of each update, without forward and backward pass.</summary>
internal sealed class StepCosts
{
    private readonly List<(double Milliseconds, long Bytes)> _steps = [];

    public int Count => _steps.Count;

    /// <summary>The median, so that the slow first updates do not change it.</summary>
    public double Milliseconds => Median(step => step.Milliseconds);

    /// <summary>The median of the bytes that this thread allocates on the managed heap.</summary>
    public long Bytes => Median(step => step.Bytes);

    public T Measure<T>(Func<T> step)
    {
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        T result = step();
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        _steps.Add((milliseconds, GC.GetAllocatedBytesForCurrentThread() - bytes));
        return result;
    }

    private T Median<T>(Func<(double Milliseconds, long Bytes), T> of) => _steps.Select(of).Order().ElementAt(_steps.Count / 2);
}

/// <summary>The same training with TorchSharp's own AdamW: same seed, initial weights, batches, rates, groups and clipping.</summary>
/// <remarks>
/// The two runs differ by float rounding. Training amplifies it, so the first epochs have the same losses to four digits and the last ones do not.
/// TorchSharp has no averages of the weights.
/// </remarks>
internal static class TorchSharpTraining
{
    /// <param name="settings">The settings.</param>
    /// <param name="images">The training images.</param>
    /// <param name="testImages">The test images.</param>
    /// <param name="costs">Receives the costs of each update.</param>
    /// <param name="onEpoch">Called after each epoch.</param>
    /// <param name="stop">Stops the training after the current epoch.</param>
    /// <returns>The result of the last epoch. Null: the training was stopped.</returns>
    public static EpochResult? Run(
        RunSettings settings, ImageSet images, ImageSet testImages, StepCosts costs, Action<EpochResult> onEpoch, CancellationToken stop)
    {
        manual_seed(settings.Seed);
        using Module<Tensor, Tensor> network = Models.Create(settings.Model);
        Parameter[] parameters = [.. network.parameters()];
        AdamW.ParamGroup[] groups =
        [
            new(parameters.Where(parameter => parameter.dim() > 1), weight_decay: RunSettings.WeightDecay, beta2: RunSettings.Beta2),
            new(parameters.Where(parameter => parameter.dim() <= 1), weight_decay: 0, beta2: RunSettings.Beta2),
        ];
        using AdamW optimizer = optim.AdamW(groups);
        var schedule = settings.ScheduleFor(images.Count);
        long step = 0;
        EpochResult? result = null;
        for (int epoch = 1; epoch <= settings.Epochs; epoch++)
        {
            if (stop.IsCancellationRequested)
            {
                return null;
            }

            double loss = Training.TrainEpoch(network, images, () => costs.Measure(Update));
            result = new EpochResult(epoch, loss, Training.Evaluate(network, testImages));
            onEpoch(result);
        }

        return result;

        double Update()
        {
            foreach (ParamGroup group in optimizer.ParamGroups)
            {
                group.LearningRate = schedule.At(step);
            }

            step++;
            double norm = nn.utils.clip_grad_norm_(parameters, RunSettings.MaximumNorm);
            optimizer.step();
            optimizer.zero_grad();
            return norm;
        }
    }
}

/// <summary>The table at the end.</summary>
internal static class ComparisonTable
{
    public static void Print(IAnsiConsole console, EpochResult torchSharp, StepCosts torchSharpCosts, EpochResult ours, StepCosts costs)
    {
        Table table = new Table().RoundedBorder().AddColumn("AdamW of");
        foreach (string figure in new[] { "training\nloss", "test\naccuracy", "averaged\nweights", "ms per\nupdate", "bytes allocated\nper update" })
        {
            table.AddColumn(figure, column => column.RightAligned());
        }

        table.AddRow(Row("TorchSharp", torchSharp, torchSharpCosts));
        table.AddRow(Row("Optimizers", ours, costs));
        table.Caption($"median of {Samples.Count.Of(torchSharpCosts.Count, "update")}: rate, clip, step and zero_grad");
        console.Write(table);
    }

    private static string[] Row(string name, EpochResult result, StepCosts costs) =>
    [
        name,
        result.Loss.ToString("F4", CultureInfo.InvariantCulture),
        result.Test.Accuracy.ToString("F4", CultureInfo.InvariantCulture),
        result.AverageTest?.Accuracy.ToString("F4", CultureInfo.InvariantCulture) ?? "",

        // A finished run that is resumed makes no update.
        costs.Count == 0 ? "" : costs.Milliseconds.ToString("F3", CultureInfo.InvariantCulture),
        costs.Count == 0 ? "" : costs.Bytes.ToString("N0", CultureInfo.InvariantCulture),
    ];
}
