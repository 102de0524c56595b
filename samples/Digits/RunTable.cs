using System.Globalization;
using Samples;
using Spectre.Console;

namespace Digits;

/// <summary>The table of the runs. On a terminal it grows during the runs.</summary>
internal static class RunTable
{
    private static readonly string[] _figures = ["final loss", "test accuracy", "time", "ns per parameter\nand step"];

    /// <summary>Shows the runs: live on a terminal, otherwise as one table at the end.</summary>
    /// <param name="console">The console.</param>
    /// <param name="epochs">The number of epochs of a run.</param>
    /// <param name="train">Runs the training, and calls its argument after each epoch.</param>
    public static Run[] ShowWhile(IAnsiConsole console, int epochs, Func<Action<Run>, Run[]> train)
    {
        Table table = new Table().RoundedBorder().AddColumn("optimizer", column => column.NoWrap());
        foreach (string figure in _figures)
        {
            table.AddColumn(figure, column => column.RightAligned());
        }

        if (console.Profile.Capabilities.Interactive && console.Profile.Capabilities.Ansi)
        {
            return console.Live(table).Start(live => Train(live.Refresh));
        }

        Run[] trained = Train(() => { });
        console.Write(table);
        return trained;

        Run[] Train(Action refresh)
        {
            Run[] runs = train(run =>
            {
                Report(table, run);
                table.Caption($"{run.Recipe.Name}: epoch {run.Losses.Count} of {epochs}");
                refresh();
            });
            table.Caption($"after {Count.Of(epochs, "epoch")}");
            refresh();
            return runs;
        }
    }

    private static void Report(Table table, Run run)
    {
        if (run.Losses.Count == 1)
        {
            table.AddRow([run.Recipe.Name, .. _figures.Select(_ => "")]);
        }

        string[] figures =
        [
            run.Losses[^1].ToString("F4", CultureInfo.InvariantCulture),
            run.TestAccuracies[^1].ToString("F4", CultureInfo.InvariantCulture),
            string.Create(CultureInfo.InvariantCulture, $"{run.Time.TotalMilliseconds:N0} ms"),
            run.NanosecondsPerParameter.ToString("F2", CultureInfo.InvariantCulture),
        ];
        for (int i = 0; i < figures.Length; i++)
        {
            table.UpdateCell(table.Rows.Count - 1, i + 1, figures[i]);
        }
    }
}
