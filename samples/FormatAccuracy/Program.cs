using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using FormatAccuracy;
using Samples;

// The quick form divides the number of updates by this.
const int Quick = 50;

var folder = new Argument<DirectoryInfo?>("FOLDER")
{
    Arity = ArgumentArity.ZeroOrOne,
    Description = "The folder that contains memory.md, whose table is replaced. Without it, the table is only printed.",
};
Option<int> seeds = CommandLine.WholeNumber("--seeds", "The number of runs for each model and format, each with its own seed.", 1, 1_000, 5);
Option<int> firstSeed = CommandLine.WholeNumber("--first-seed", "The first seed; the others follow it.", 0, 1_000_000, 1);
Option<int> threads = CommandLine.WholeNumber(
    "--threads", "The number of runs at the same time. It changes no result.", 1, 1_024, 2);
var quick = new Option<bool>("--quick") { Description = "Use one seed and a fiftieth of the updates, to see that every format works." };
var command = new RootCommand(
    "Trains three models with state, weights and gradients in each number format, and compares the test losses with those of float32.")
{
    folder, seeds, firstSeed, threads, quick,
};
command.SetAction(result => CommandLine.Try(() =>
{
    DirectoryInfo? docs = result.GetValue(folder);
    Page? page = docs is null ? null : new Page(docs);
    bool isQuick = result.GetValue(quick);
    IReadOnlyList<Assignment> assignments = Assignment.ReadAll();
    if (isQuick)
    {
        assignments = [.. assignments.Select(assignment => assignment with { Steps = assignment.Steps / Quick })];
    }

    long start = Stopwatch.GetTimestamp();
    var table = AccuracyTable.Measure(
        assignments,
        RunFormat.All,
        [.. Enumerable.Range(result.GetValue(firstSeed), isQuick ? 1 : result.GetValue(seeds))],
        result.GetValue(threads),
        ShowProgress);
    page?.Write(table);
    Console.WriteLine(table.ToMarkdown());
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"time: {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s"));
}));

return CommandLine.Run(command, args);

static void ShowProgress(int finished, int all)
{
    if (!Console.IsOutputRedirected)
    {
        Console.Write(string.Create(CultureInfo.InvariantCulture, $"\r{finished} of {Count.Of(all, "run")}{(finished == all ? "\n" : "")}"));
    }
}
