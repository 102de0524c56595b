using System.CommandLine;
using System.Globalization;
using Digits;
using Samples;

Option<Recipe> optimizer = RecipeOption.Make(
    $"Train with one optimizer only, in any case of letters: {RecipeOption.Names}. "
    + "The last is AdamW with a warmup, a cosine, clipping, and no decay of the biases. Without the option: all.");
Option<int> epochs = CommandLine.WholeNumber("--epochs", "How often each image is seen; default 20.", minimum: 1);
Option<int> threads = CommandLine.WholeNumber(
    "--threads", "The number of threads that an update uses at most; default 0: as many as there are processors.", minimum: 0);
Option<FileInfo> svg = CommandLine.NewFile("--svg", "Where to draw the loss curves; default digits-loss.svg.");
var quiet = new Option<bool>("--quiet") { Description = "Print the last line only." };

var command = new RootCommand(
    "Trains a small network to read handwritten digits, once with each optimizer, and compares them. "
    + "Prints the test accuracy of the last run as its last line.")
{
    optimizer, epochs, threads, svg, quiet,
};
command.SetAction(result => Compare(
    result.GetValue(optimizer) is { } recipe ? [recipe] : Recipe.All,
    result.GetValue(epochs),
    result.GetValue(threads),
    result.GetValue(svg) ?? new FileInfo("digits-loss.svg"),
    result.GetValue(quiet)));

return CommandLine.Run(command, args);

static int Compare(IReadOnlyList<Recipe> recipes, int epochs, int threads, FileInfo svg, bool quiet)
{
    var data = DigitsData.Load(DataFile.PathOf("digits.csv"));
    Plan plan = DataFile.Read<Plan>("digits.json");
    plan = epochs > 0 ? plan with { Epochs = epochs } : plan;

    Run[] TrainAll(Action<Run>? onEpoch) =>
        [.. recipes.Select(recipe => Training.Train(plan, recipe, data, threads, onEpoch))];

    Run[] runs = quiet ? TrainAll(onEpoch: null) : RunTable.ShowWhile(Terminal.Open(), plan.Epochs, TrainAll);
    int code = CommandLine.Try(() => File.WriteAllText(svg.FullName, $"{LossChart.Draw(runs)}\n"));
    if (code != 0)
    {
        return code;
    }

    if (!quiet)
    {
        Console.WriteLine($"loss curves: {svg}");
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"test accuracy: {runs[^1].TestAccuracies[^1]:F4}"));
    return 0;
}
