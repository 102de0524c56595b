using System.Globalization;
using Optimizers.Charts;
using Samples;
using Spectre.Console;

namespace TorchDigits;

/// <summary>Shows the progress of a run, and draws its losses.</summary>
internal static class TrainingLog
{
    /// <summary>Shows a line for each epoch, and a bar on a terminal.</summary>
    /// <param name="console">The console. Null: nothing is shown.</param>
    /// <param name="title">What the bar stands for.</param>
    /// <param name="epochs">The number of epochs of the whole run.</param>
    /// <param name="train">Runs the training, and calls its argument after each epoch.</param>
    /// <returns>The result of the training.</returns>
    public static T ShowWhile<T>(IAnsiConsole? console, string title, int epochs, Func<Action<EpochResult>, T> train)
    {
        if (console is null)
        {
            return train(_ => { });
        }

        if (!console.Profile.Capabilities.Interactive || !console.Profile.Capabilities.Ansi)
        {
            // Do not use the Spectre console here, because it wraps lines even if the output is not a terminal.
            return train(result => Console.WriteLine(LineOf(result, epochs)));
        }

        ProgressColumn[] columns = [new TaskDescriptionColumn(), new ProgressBarColumn { Width = 30 }, new PercentageColumn(), new RemainingTimeColumn()];
        return console.Progress().Columns(columns).HideCompleted(true).Start(context =>
        {
            ProgressTask bar = context.AddTask(Markup.Escape(title), maxValue: epochs);
            return train(result =>
            {
                bar.Value = result.Epoch;
                console.WriteLine(LineOf(result, epochs));
            });
        });
    }

    /// <summary>Draws the training loss and the test losses over the epochs, as an SVG picture for light and dark pages.</summary>
    public static string Draw(string model, IReadOnlyList<EpochResult> results) =>
        new LineChart(
        [
            Line("training", results, result => result.Loss),
            Line("test", results, result => result.Test.Loss),
            Line("test, averaged weights", results, result => result.AverageTest!.Loss),
        ])
        {
            Title = $"Loss on handwritten digits ({model})",
            XLabel = "epoch",
            YLabel = "mean cross-entropy in nats, log scale",
            LegendTitle = "final loss",
            LogarithmicY = true,
        }.ToSvg();

    private static ChartLine Line(string name, IReadOnlyList<EpochResult> results, Func<EpochResult, double> of) =>
        new(name, [.. results.Select(result => new ChartPoint(result.Epoch, of(result)))])
        {
            Note = of(results[^1]).ToString("F4", CultureInfo.InvariantCulture),
        };

    private static string LineOf(EpochResult result, int epochs) => string.Create(
        CultureInfo.InvariantCulture,
        $"epoch {$"{result.Epoch}".PadLeft($"{epochs}".Length)}  loss {result.Loss:F4}  test loss {result.Test.Loss:F4}  accuracy {result.Test.Accuracy:F4}{(result.AverageTest is { } average ? $"  averaged {average.Accuracy:F4}" : "")}");
}
