using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using DrawSchedules;
using Optimizers.Schedules;

const int WrongUsage = 2;

var written = new Argument<WrittenSchedule[]>("SCHEDULE")
{
    Description = "Schedules as in C#, each in quotes: \"WarmupCosine(peak: 3e-4, warmupSteps: 100, totalSteps: 2000)\", "
        + "\"MultiStep(0.1, [500, 800])\", \"Sequence([Linear(0, 1, 9), Constant(1)], [9])\". There is: "
        + $"{string.Join(", ", ScheduleReader.Names)}.",
    Arity = ArgumentArity.OneOrMore,
    CustomParser = ParseSchedules,
};
var steps = new Option<long>("--steps")
{
    HelpName = "N",
    Description = "The last update to draw; default 1000.",
    DefaultValueFactory = _ => 1_000,
    CustomParser = ParseSteps,
};
var svg = new Option<FileInfo>("--svg")
{
    HelpName = "FILE",
    Description = "Draws an SVG picture into a file, in the place of text on the terminal.",
    CustomParser = ParseFile,
};
var log = new Option<bool>("--log") { Description = "Makes the axis of the rates logarithmic." };

var folder = new Argument<DirectoryInfo>("FOLDER") { Description = "Where to; it is made if it is not there." };
var docs = new Command("docs", "Draws the pictures of docs/schedules.md.") { folder };
docs.SetAction(result => Write(() => Gallery.DrawInto(result.GetValue(folder)!)));

var command = new RootCommand("Draws learning-rate schedules, on the terminal or as a picture.") { written, steps, svg, log, docs };
command.SetAction(result =>
{
    LineChart chart = SchedulePlot.Of(
        result.GetValue(steps),
        [.. result.GetValue(written)!.Select(schedule => (schedule.Text, schedule.Schedule))]) with
    {
        LogarithmicY = result.GetValue(log),
    };
    if (result.GetValue(svg) is { } file)
    {
        return Write(() => File.WriteAllText(file.FullName, $"{chart.ToSvg()}\n"));
    }

    Console.WriteLine(chart.ToText());
    return 0;
});

ParseResult parsed = command.Parse(args);
if (parsed.Action is ParseErrorAction)
{
    Console.Error.WriteLine(parsed.Errors[0].Message);
    return WrongUsage;
}

return parsed.Invoke();

static int Write(Action write)
{
    try
    {
        write();
        return 0;
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine(e.Message);
        return 1;
    }
}

static WrittenSchedule[] ParseSchedules(ArgumentResult result)
{
    var schedules = new List<WrittenSchedule>();
    foreach (Token token in result.Tokens)
    {
        try
        {
            schedules.Add(new WrittenSchedule(token.Value, ScheduleReader.Read(token.Value)));
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            result.AddError($"\"{token.Value}\": {e.Message}");
            break;
        }
    }

    return [.. schedules];
}

static long ParseSteps(ArgumentResult result)
{
    string given = result.Tokens[0].Value;
    if (!long.TryParse(given, NumberStyles.Integer | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out long value)
        || value < 1)
    {
        result.AddError($"--steps must be a whole number from 1 to {long.MaxValue}, but is \"{given}\".");
    }

    return value;
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
