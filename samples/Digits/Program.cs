using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Digits;
using Samples;

var optimizer = new Option<Recipe>("--optimizer")
{
    HelpName = "NAME",
    Description = $"Train with one optimizer only, in any case of letters: {string.Join(", ", Recipe.All.Select(recipe => recipe.Name))}. "
        + "The last is AdamW with a warmup, a cosine, clipping, and no decay of the biases. Without the option: all.",
    CustomParser = ParseRecipe,
};
Option<int> epochs = CommandLine.WholeNumber("--epochs", "How often each image is seen; default 20.", minimum: 1);
Option<int> threads = CommandLine.WholeNumber(
    "--threads", "The number of threads that an update uses at most; default 0: as many as there are processors.", minimum: 0);
var svg = new Option<FileInfo>("--svg")
{
    HelpName = "FILE",
    Description = "Where to draw the loss curves; default digits-loss.svg.",
    CustomParser = ParseFile,
};
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
    try
    {
        File.WriteAllText(svg.FullName, $"{LossChart.Draw(runs)}\n");
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine(e.Message);
        return 1;
    }

    if (!quiet)
    {
        Console.WriteLine($"loss curves: {svg}");
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"test accuracy: {runs[^1].TestAccuracies[^1]:F4}"));
    return 0;
}

static Recipe? ParseRecipe(ArgumentResult result)
{
    string given = result.Tokens[0].Value;
    Recipe? named = Recipe.All.FirstOrDefault(recipe => recipe.Name.Equals(given, StringComparison.OrdinalIgnoreCase));
    if (named is null)
    {
        IEnumerable<string> nearestFirst = Recipe.All.Select(recipe => recipe.Name).OrderBy(name => Spelling.Distance(given, name));
        result.AddError($"--optimizer knows no \"{given}\"; nearest first, it knows {string.Join(", ", nearestFirst)}.");
    }

    return named;
}

static FileInfo ParseFile(ArgumentResult result)
{
    var file = new FileInfo(result.Tokens[0].Value);
    if (Directory.Exists(file.FullName) || file.Directory is not { Exists: true })
    {
        result.AddError($"--svg must name a file in a folder that exists, but is \"{file}\".");
    }

    return file;
}
