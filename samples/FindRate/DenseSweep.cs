using System.Globalization;
using System.Text;
using Digits;
using Optimizers;
using Optimizers.Charts;
using Optimizers.Diagnostics;

namespace FindRate;

/// <summary>What training at many rates came to, beside what the range test suggests.</summary>
/// <param name="Optimizer">The name of the recipe.</param>
/// <param name="Runs">The dense sweep.</param>
/// <param name="SteepestDescent">The run at the rate by steepest descent.</param>
/// <param name="LargestStable">The run at the rate by the largest stable one.</param>
internal sealed record DenseSweep(string Optimizer, IReadOnlyList<RateRun> Runs, RateRun SteepestDescent, RateRun LargestStable)
{
    private const string Diverged = "diverged";

    /// <summary>The recipes that the documentation compares.</summary>
    public static IReadOnlyList<Recipe> Recipes { get; } =
        [.. new[] { "Sgd", "Momentum", "Adam", "Lion" }.Select(name => Recipe.All.Single(recipe => recipe.Name == name))];

    /// <summary>Eight rates a decade.</summary>
    public static IReadOnlyList<double> Rates { get; } = RateSweep.PerDecade(1e-5, 10, rates: 8);

    private RateRun Best => Runs.Where(run => !run.Diverged).MinBy(run => run.FinalLoss);

    private RateRun Larger => SteepestDescent.Rate > LargestStable.Rate ? SteepestDescent : LargestStable;

    /// <summary>Trains.</summary>
    public static DenseSweep Of(Search search, Recipe recipe)
    {
        RateReport report = search.Find(recipe);
        RateRun At(double? rate) =>
            search.Train(recipe, [rate ?? throw new InvalidOperationException($"{recipe.Name}: {report.Advice}")]).Runs[0];
        return new DenseSweep(
            recipe.Name, search.Train(recipe, Rates).Runs, At(report.BySteepestDescent), At(report.ByLargestStable));
    }

    /// <summary>The tables of the documentation.</summary>
    public static string Markdown(IReadOnlyList<DenseSweep> sweeps)
    {
        var text = new StringBuilder();
        void Row(IEnumerable<string> cells) => text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |\n");

        Row(["optimizer", "best of the sweep", "its loss", "by steepest descent", "its loss", "by the largest stable rate", "its loss", "progress lost"]);
        Row([.. Enumerable.Repeat("---", 8)]);
        foreach (DenseSweep sweep in sweeps)
        {
            Row([
                $"`{sweep.Optimizer}`", Rate(sweep.Best.Rate), Loss(sweep.Best),
                Rate(sweep.SteepestDescent.Rate), Loss(sweep.SteepestDescent), Rate(sweep.LargestStable.Rate), Loss(sweep.LargestStable),
                sweep.Lost(sweep.Larger),
            ]);
        }

        text.Append(CultureInfo.InvariantCulture, $"\nThe loss after {Search.Epochs} epochs at every rate, from {Loss(sweeps[0].Runs[0].FirstLoss)} at the start:\n\n");
        Row(["rate", .. sweeps.Select(sweep => $"`{sweep.Optimizer}`")]);
        Row([.. Enumerable.Repeat("---", 1 + sweeps.Count)]);
        for (int i = 0; i < Rates.Count; i++)
        {
            Row([Rate(Rates[i]), .. sweeps.Select(sweep => Loss(sweep.Runs[i]))]);
        }

        return text.ToString();
    }

    /// <summary>Draws the second table: the loss by the rate, for each optimizer.</summary>
    /// <param name="optimizers">The headings of its columns but the first.</param>
    /// <param name="rows">Its rows.</param>
    public static LineChart ChartOf(IReadOnlyList<string> optimizers, IReadOnlyList<string[]> rows) =>
        new([.. optimizers.Select((name, column) => new ChartLine(
            name, [.. rows.Select(row => new ChartPoint(Number(row[0]), Number(row[column + 1])))]))])
        {
            Title = $"Training loss on handwritten digits after {Search.Epochs} epochs",
            XLabel = "learning rate, log scale",
            YLabel = "mean cross-entropy in nats, log scale",
            LogarithmicX = true,
            LogarithmicY = true,
        };

    /// <summary>A rate as the tables have it.</summary>
    public static string Rate(double rate) => rate.ToString("G3", CultureInfo.InvariantCulture);

    private static double Number(string cell) =>
        cell == Diverged ? double.NaN : double.Parse(cell, CultureInfo.InvariantCulture);

    private static string Loss(RateRun run) => run.Diverged ? Diverged : Loss(run.FinalLoss);

    private static string Loss(double loss) => loss.ToString("F4", CultureInfo.InvariantCulture);

    // What of the progress of the best run is missing.
    private string Lost(RateRun run) => run.Diverged
        ? "all"
        : ((run.FinalLoss - Best.FinalLoss) / (Best.FirstLoss - Best.FinalLoss)).ToString("P1", CultureInfo.InvariantCulture);
}
