using System.CommandLine;
using Digits;
using FindRate;
using Optimizers;
using Optimizers.Diagnostics;
using Samples;
using Spectre.Console;

Option<Recipe> optimizer = RecipeOption.Make(
    $"The optimizer whose rate to find, in upper or lower case: {RecipeOption.Names}.",
    Recipe.All.Single(recipe => recipe.Name == "Adam"));
Option<FileInfo> svg = CommandLine.NewFile("--svg", "The SVG file for the picture of the range test.", "find-rate.svg");

var folder = new Argument<DirectoryInfo>("FOLDER") { Description = "The folder that contains rates.md." };
var docs = new Command(
    "docs", "Train with several optimizers at eight rates in each decade, and write the tables and pictures of docs/rates.md.") { folder };
docs.SetAction(result => CommandLine.Try(() => Page.WriteInto(result.GetValue(folder)!, Prepare())));

var command = new RootCommand(
    "Finds the learning rate of an optimizer on handwritten digits, with a range test and with short runs at powers of ten. "
    + "The last line is the advice of the range test.")
{
    optimizer, svg, docs,
};
command.SetAction(result => Show(result.GetValue(optimizer)!, result.GetValue(svg)!));

return CommandLine.Run(command, args);

static Search Prepare() => new(DataFile.Read<Plan>("digits.json"), DigitsData.Load(DataFile.PathOf("digits.csv")));

static int Show(Recipe recipe, FileInfo svg)
{
    if (!CommandLine.CanWrite("--svg", svg))
    {
        return CommandLine.WrongUsage;
    }

    Search search = Prepare();
    RateReport range = search.Find(recipe);
    RateSweepReport sweep = search.Sweep(recipe);
    IAnsiConsole console = Terminal.Open();
    console.Write(RateTables.Of(range));
    console.Write(RateTables.Of(sweep));
    Console.WriteLine(sweep.Reason);
    int code = CommandLine.Try(() => File.WriteAllText(svg.FullName, $"{RangeChart.Of(recipe, range).ToSvg()}\n"));
    if (code == 0)
    {
        Console.WriteLine($"range test: {svg}");
    }

    Console.WriteLine(range.Advice);
    return code;
}
