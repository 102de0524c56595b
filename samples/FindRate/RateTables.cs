using System.Globalization;
using Optimizers;
using Optimizers.Diagnostics;
using Spectre.Console;

namespace FindRate;

/// <summary>The tables on the console.</summary>
internal static class RateTables
{
    /// <summary>Makes the table of the sweep over powers of ten.</summary>
    public static Table Of(RateSweepReport report)
    {
        Table table = Columns("rate", "steps", "final loss", "").Title("sweep over powers of ten");
        foreach (RateRun run in report.Runs)
        {
            table.AddRow(
                DenseSweep.Rate(run.Rate),
                run.Steps.ToString(CultureInfo.InvariantCulture),
                run.FinalLoss.ToString("G4", CultureInfo.InvariantCulture),
                run.Diverged ? "diverged" : run.Rate == report.Chosen ? "chosen" : "");
        }

        return table;
    }

    /// <summary>Makes the table of the range test, with one row each time that the rate has doubled.</summary>
    public static Table Of(RateReport report)
    {
        Table table = Columns("rate", "loss", "averaged rate", "averaged loss").Title("range test");
        double next = 0;
        foreach (RatePoint point in report.Points)
        {
            if (point.Rate < next && point != report.Points[^1])
            {
                continue;
            }

            next = 2 * point.Rate;
            table.AddRow(
                point.Rate.ToString("G3", CultureInfo.InvariantCulture),
                point.Loss.ToString("G4", CultureInfo.InvariantCulture),
                point.AveragedRate.ToString("G3", CultureInfo.InvariantCulture),
                point.AveragedLoss.ToString("G4", CultureInfo.InvariantCulture));
        }

        return table;
    }

    private static Table Columns(params string[] names)
    {
        Table table = new Table().RoundedBorder();
        foreach (string name in names)
        {
            table.AddColumn(name, column => column.RightAligned());
        }

        return table;
    }
}
