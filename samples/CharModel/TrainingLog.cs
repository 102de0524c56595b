using Spectre.Console;

namespace CharModel;

/// <summary>Shows the progress of a run: a bar on a terminal, and a line for each measurement of the validation loss.</summary>
internal static class TrainingLog
{
    /// <param name="console">The console.</param>
    /// <param name="steps">The number of updates of the whole run.</param>
    /// <param name="train">Runs the training, and calls its argument after each update.</param>
    public static void ShowWhile(IAnsiConsole console, int steps, Action<Action<TrainingProgress>> train)
    {
        int digits = $"{steps}".Length;
        string LineOf(TrainingProgress progress) => $"step {$"{progress.Step}".PadLeft(digits)}  {progress}";

        if (!console.Profile.Capabilities.Interactive || !console.Profile.Capabilities.Ansi)
        {
            // Do not use the Spectre console here, because it wraps lines even if the output is not a terminal.
            train(progress =>
            {
                if (progress.ValidationLoss is not null)
                {
                    Console.WriteLine(LineOf(progress));
                }
            });
            return;
        }

        ProgressColumn[] columns =
        [
            new ProgressBarColumn { Width = 12 }, new PercentageColumn(), new RemainingTimeColumn(),
            new TaskDescriptionColumn { Alignment = Justify.Left },
        ];
        console.Progress().Columns(columns).HideCompleted(true).Start(context =>
        {
            ProgressTask bar = context.AddTask("training", maxValue: steps);
            train(progress =>
            {
                bar.Value = progress.Step;
                if (progress.ValidationLoss is null)
                {
                    bar.Description = Markup.Escape(progress.ToString());
                }
                else
                {
                    console.WriteLine(LineOf(progress));
                }
            });
        });
    }
}
