using System.Globalization;
using System.Text;
using Digits;
using Optimizers;
using Optimizers.Charts;
using Optimizers.Diagnostics;

namespace FindRate;

/// <summary>The losses of training at many rates, and at the two rates that the range test suggests.</summary>
/// <param name="Optimizer">The name of the recipe.</param>
/// <param name="Runs">The runs of the dense sweep, one for each rate.</param>
/// <param name="SteepestDescent">The run at <see cref="RateReport.BySteepestDescent"/>.</param>
/// <param name="LargestStable">The run at <see cref="RateReport.ByLargestStable"/>.</param>
internal sealed record DenseSweep(string Optimizer, IReadOnlyList<RateRun> Runs, RateRun SteepestDescent, RateRun LargestStable)
{
    private const string Diverged = "diverged";

    /// <summary>The recipes that the documentation compares.</summary>
    public static IReadOnlyList<Recipe> Recipes { get; } =
        [.. new[] { "Sgd", "Momentum", "Adam", "Lion" }.Select(name => Recipe.All.Single(recipe => recipe.Name == name))];

    /// <summary>The rates of the dense sweep: eight in each decade.</summary>
    public static IReadOnlyList<double> Rates { get; } = RateSweep.PerDecade(1e-5, 10, rates: 8);

    private RateRun Best => Runs.Where(run => !run.Diverged).MinBy(run => run.FinalLoss);

    private RateRun Larger => SteepestDescent.Rate > LargestStable.Rate ? SteepestDescent : LargestStable;

    /// <summary>Runs the range test and trains at all rates.</summary>
    public static DenseSweep Of(Search search, Recipe recipe)
    {
        RateReport report = search.Find(recipe);
        RateRun At(double? rate) =>
            search.Train(recipe, [rate ?? throw new InvalidOperationException($"{recipe.Name}: {report.Advice}")]).Runs[0];
        return new DenseSweep(
            recipe.Name, search.Train(recipe, Rates).Runs, At(report.BySteepestDescent), At(report.ByLargestStable));
    }

    /// <summary>Writes the two tables of docs/rates.md as Markdown.</summary>
    public static string Markdown(IReadOnlyList<DenseSweep> sweeps)
    {
        var text = new StringBuilder();
        void Row(IEnumerable<string> cells) => text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |\n");

        Row(["optimizer", "best rate of the sweep", "loss", "`BySteepestDescent`", "loss", "`ByLargestStable`", "loss", "progress lost"]);
        Row([.. Enumerable.Repeat("---", 8)]);
        foreach (DenseSweep sweep in sweeps)
        {
            Row([
                $"`{sweep.Optimizer}`", Rate(sweep.Best.Rate), Loss(sweep.Best),
                Rate(sweep.SteepestDescent.Rate), Loss(sweep.SteepestDescent), Rate(sweep.LargestStable.Rate), Loss(sweep.LargestStable),
                sweep.Lost(sweep.Larger),
            ]);
        }

        text.Append(CultureInfo.InvariantCulture, $"\nThe next table shows the loss after {Search.Epochs} epochs at each rate. The loss at the start is {Loss(sweeps[0].Runs[0].FirstLoss)}.\n\n");
        Row(["rate", .. sweeps.Select(sweep => $"`{sweep.Optimizer}`")]);
        Row([.. Enumerable.Repeat("---", 1 + sweeps.Count)]);
        for (int i = 0; i < Rates.Count; i++)
        {
            Row([Rate(Rates[i]), .. sweeps.Select(sweep => Loss(sweep.Runs[i]))]);
        }

        return text.ToString();
    }

    /// <summary>Draws the second table: the loss over the rate, for each optimizer.</summary>
    /// <param name="optimizers">The headings of the columns, without the first one.</param>
    /// <param name="rows">The rows of the table.</param>
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

    /// <summary>Formats a rate as in the tables.</summary>
    public static string Rate(double rate) => rate.ToString("G3", CultureInfo.InvariantCulture);

    private static double Number(string cell) =>
        cell == Diverged ? double.NaN : double.Parse(cell, CultureInfo.InvariantCulture);

    private static string Loss(RateRun run) => run.Diverged ? Diverged : Loss(run.FinalLoss);

    private static string Loss(double loss) => loss.ToString("F4", CultureInfo.InvariantCulture);

    // The share of the best run's progress that this run misses.
    private string Lost(RateRun run) => run.Diverged
        ? "all"
        : ((run.FinalLoss - Best.FinalLoss) / (Best.FirstLoss - Best.FinalLoss)).ToString("P1", CultureInfo.InvariantCulture);
}
