using System.CommandLine;
using System.CommandLine.Parsing;
using Digits;
using Race;
using Samples;
using Spectre.Console;

string[] usual = ["Sgd", "Momentum", "Adam", "Lion", "Rprop", "Lbfgs"];
var optimizers = new Option<Contender[]>("--optimizer")
{
    HelpName = "NAME or JSON",
    Description = "One or more optimizers: a name such as AdamW, or a JSON object such as {\"kind\": \"AdamW\", \"beta2\": 0.95}. "
        + $"Without the option: {string.Join(", ", usual)}.",
    AllowMultipleArgumentsPerToken = true,
    CustomParser = result => ParseAll(result, Contender.Parse),
};
var surfaces = new Option<Surface[]>("--surface")
{
    HelpName = "NAME",
    Description = $"One or more surfaces: {string.Join(", ", Surface.All.Select(surface => surface.Name))}. Without the option: all of them.",
    AllowMultipleArgumentsPerToken = true,
    CustomParser = result => ParseAll(result, ParseSurface),
};
Option<int> steps = CommandLine.WholeNumber("--steps", "The number of steps on a surface.", minimum: 1, maximum: 100_000, standard: 500);
Option<int> epochs = CommandLine.WholeNumber(
    "--epochs", "The number of training epochs on handwritten digits; 0: no training on digits.", minimum: 0, maximum: 1_000, standard: 3);
Option<FileInfo> svg = CommandLine.NewFile("--svg", "The SVG file for the picture of the paths.", "race.svg");

var command = new RootCommand(
    "Compares optimizers on surfaces that are known to be hard, and on handwritten digits. Each optimizer uses the best of ten rates. "
    + "Draws the paths on the surfaces; there, a rate counts only if the path stays in the picture, unless the path leaves it at every rate.")
{
    optimizers, surfaces, steps, epochs, svg,
};
command.SetAction(result => Run(
    Contender.Labelled(result.GetValue(optimizers) is { Length: > 0 } chosen ? chosen : [.. usual.Select(Contender.Parse)]),
    result.GetValue(surfaces) is { Length: > 0 } places ? [.. places.Distinct()] : [.. Surface.All],
    result.GetValue(steps),
    result.GetValue(epochs),
    result.GetValue(svg)!));

return CommandLine.Run(command, args);

static int Run(Contender[] contenders, Surface[] surfaces, int steps, int epochs, FileInfo svg)
{
    if (!CommandLine.CanWrite("--svg", svg))
    {
        return CommandLine.WrongUsage;
    }

    Descent[][] descents = [.. surfaces.Select(surface => contenders.Select(contender => Descent.Of(contender, surface, steps)).ToArray())];
    IAnsiConsole console = Terminal.Open();
    console.Write(RaceTables.Of(surfaces, descents));
    Contender[] learners = [.. contenders.Where(contender => !contender.IsMinimizer)];
    if (epochs > 0 && learners.Length > 0)
    {
        Plan plan = DataFile.Read<Plan>("digits.json") with { Epochs = epochs };
        var data = DigitsData.Load(DataFile.PathOf("digits.csv"));
        console.Write(RaceTables.Of([.. learners.Select(contender => Lesson.Of(contender, plan, data))], epochs));
    }

    int code = CommandLine.Try(() => File.WriteAllText(svg.FullName, $"{RaceChart.Draw(surfaces, descents)}\n"));
    if (code == 0)
    {
        Console.WriteLine($"paths: {svg}");
    }

    return code;
}

static T[] ParseAll<T>(ArgumentResult result, Func<string, T> parse)
{
    try
    {
        return [.. result.Tokens.Select(token => parse(token.Value))];
    }
    catch (ArgumentException e)
    {
        result.AddError(CommandLine.MessageOf(e));
        return [];
    }
}

static Surface ParseSurface(string name) =>
    Surface.All.FirstOrDefault(surface => surface.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
    ?? throw new ArgumentException($"There is no surface \"{name}\". The surfaces are: {string.Join(", ", Surface.All.Select(surface => surface.Name))}.");
