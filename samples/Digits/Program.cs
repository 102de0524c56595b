using System.CommandLine;
using System.Globalization;
using Digits;
using Samples;

Option<Recipe> optimizer = RecipeOption.Make(
    $"Train with one optimizer only, in any case of letters: {RecipeOption.Names}. "
    + "The last is AdamW with a warmup, a cosine, clipping, and no decay of the biases. Without the option: all.");
Plan plan = DataFile.Read<Plan>("digits.json");
Option<int> epochs = CommandLine.WholeNumber(
    "--epochs", "The number of epochs: how often each image is seen.", minimum: 1, maximum: int.MaxValue, plan.Epochs);
Option<int> threads = CommandLine.WholeNumber(
    "--threads", "The number of threads that an update uses at most; 0: as many as there are processors.", 0, int.MaxValue, 0);
Option<FileInfo> svg = CommandLine.NewFile("--svg", "Where to draw the loss curves.", "digits-loss.svg");
var quiet = new Option<bool>("--quiet") { Description = "Print the last line only." };

var command = new RootCommand(
    "Trains a small network to read handwritten digits, once with each optimizer, and compares them. "
    + "Prints the test accuracy of the last run as its last line.")
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
