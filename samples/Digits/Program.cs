using System.CommandLine;
using System.Globalization;
using Digits;
using Samples;

Option<Recipe> optimizer = RecipeOption.Make(
    $"Train with only one optimizer, in upper or lower case: {RecipeOption.Names}. "
    + "The last one is AdamW with warmup, cosine schedule, clipping, and no weight decay on biases. Without the option: all of them.");
Plan plan = DataFile.Read<Plan>("digits.json");
Option<int> epochs = CommandLine.WholeNumber(
    "--epochs", "The number of epochs: how often the training sees each image.", minimum: 1, maximum: int.MaxValue, plan.Epochs);
Option<int> threads = CommandLine.WholeNumber(
    "--threads", "The maximum number of threads of an update; 0: one for each processor.", 0, int.MaxValue, 0);
Option<FileInfo> svg = CommandLine.NewFile("--svg", "The SVG file for the loss curves.", "digits-loss.svg");
var quiet = new Option<bool>("--quiet") { Description = "Print only the last line." };

var command = new RootCommand(
    "Trains a small network to read handwritten digits, once with each optimizer, and compares the results. "
    + "The last line is the test accuracy of the last run.")
{
    optimizer, epochs, threads, svg, quiet,
};
command.SetAction(result => Compare(
    result.GetValue(optimizer) is { } recipe ? [recipe] : Recipe.All,
    plan with { Epochs = result.GetValue(epochs) },
    result.GetValue(threads),
    result.GetValue(svg)!,
    result.GetValue(quiet)));

return CommandLine.Run(command, args);

static int Compare(IReadOnlyList<Recipe> recipes, Plan plan, int threads, FileInfo svg, bool quiet)
{
    if (!CommandLine.CanWrite("--svg", svg))
    {
        return CommandLine.WrongUsage;
    }

    var data = DigitsData.Load(DataFile.PathOf("digits.csv"));

    Run[] TrainAll(Action<Run>? onEpoch) =>
        [.. recipes.Select(recipe => Training.Train(plan, recipe, data, threads, onEpoch))];

    Run[] runs = quiet ? TrainAll(onEpoch: null) : RunTable.ShowWhile(Terminal.Open(), plan.Epochs, TrainAll);
    int code = CommandLine.Try(() => File.WriteAllText(svg.FullName, $"{LossChart.Draw(runs)}\n"));
    if (code == 0 && !quiet)
    {
        Console.WriteLine($"loss curves: {svg}");
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"test accuracy: {runs[^1].TestAccuracies[^1]:F4}"));
    return code;
}
