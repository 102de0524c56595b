using System.CommandLine;
using System.CommandLine.Parsing;
using DrawSchedules;
using Optimizers.Charts;
using Optimizers.Configuration;
using Optimizers.Schedules;
using Samples;

const string Momentum = "momentum";

var written = new Argument<WrittenSchedule[]>("SCHEDULE")
{
    Description = "One or more schedules as C# expressions, each in quotes. \"new\" is optional: "
        + "\"WarmupCosine(peak: 3e-4, warmupSteps: 100, totalSteps: 2000)\", \"MultiStep(0.1, [500, 800])\", "
        + "\"Sequence([Linear(0, 1, 9), Constant(1)], [9])\", \"StepDecay(0.8, 30).InEpochs(4).WithWarmup(3)\", "
        + "\"OneCycle(0.1, 900).Momentum\", \"FunctionSchedule(k => 0.1 / (k + 1))\". "
        + "A schedule may also be the JSON of ScheduleConfiguration. "
        + $"Schedules: {string.Join(", ", ScheduleReader.Names)}.",
    Arity = ArgumentArity.OneOrMore,
    CustomParser = ParseSchedules,
};
Option<long> steps = CommandLine.WholeNumber("--steps", "The index of the last update in the chart.", minimum: 1, long.MaxValue, 1_000);
Option<FileInfo> svg = CommandLine.NewFile("--svg", "Draws an SVG picture into this file instead of text on the terminal.");
var log = new Option<bool>("--log") { Description = "Makes the vertical axis logarithmic." };

var folder = new Argument<DirectoryInfo>("FOLDER") { Description = "The folder for the pictures. It is created if it does not exist." };
var docs = new Command("docs", "Draws the pictures of docs/schedules.md.") { folder };
docs.SetAction(result => CommandLine.Try(() => Gallery.DrawInto(result.GetValue(folder)!)));

var command = new RootCommand("Draws learning-rate schedules, on the terminal or as a picture.") { written, steps, svg, log, docs };
command.SetAction(result =>
{
    FileInfo? file = result.GetValue(svg);
    if ((file is not null && !CommandLine.CanWrite("--svg", file))
        || Draw(result.GetValue(written)!, result.GetValue(steps), result.GetValue(log)) is not { } chart)
    {
        return CommandLine.WrongUsage;
    }

    if (file is not null)
    {
        return CommandLine.Try(() => File.WriteAllText(file.FullName, $"{chart.ToSvg()}\n"));
    }

    Console.WriteLine(chart.ToText());
    return 0;
});

return CommandLine.Run(command, args);

// A FunctionSchedule may throw. Then the error is printed and the result is null.
static LineChart? Draw(WrittenSchedule[] schedules, long steps, bool logarithmic)
{
    try
    {
        LineChart chart = SchedulePlot.Of(steps, [.. schedules.Select(schedule => (schedule.Text, schedule.Schedule))]);
        string[] labels =
        [
            .. schedules.Select(schedule => schedule.Text.TrimEnd().EndsWith($".{Momentum}", StringComparison.OrdinalIgnoreCase) ? Momentum : chart.YLabel)
                .Distinct(),
        ];
        return chart with { LogarithmicY = logarithmic, YLabel = string.Join(", ", labels) };
    }
    catch (Exception e) when (e is not OutOfMemoryException)
    {
        Console.Error.WriteLine($"SCHEDULE cannot be drawn: {CommandLine.MessageOf(e)}");
        return null;
    }
}

static WrittenSchedule[] ParseSchedules(ArgumentResult result)
{
    var schedules = new List<WrittenSchedule>();
    foreach (Token token in result.Tokens)
    {
        if (token.Value.StartsWith("--", StringComparison.Ordinal))
        {
            result.AddError($"There is no option \"{token.Value}\". --help lists the options.");
            break;
        }

        try
        {
            schedules.Add(new WrittenSchedule(token.Value, ScheduleReader.Read(token.Value)));
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            result.AddError($"\"{token.Value}\": {CommandLine.MessageOf(e)}");
            break;
        }
    }

    return [.. schedules];
}
