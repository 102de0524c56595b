using System.CommandLine;
using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>The side-by-side command.</summary>
internal static class CompareCommand
{
    public static Command Make()
    {
        var quick = new Option<bool>("--quick") { Description = "AdamW, Momentum and Lion at three sizes; ends in a minute." };
        var filter = Options.Filter("Only rows whose work or contender contains this, or one of these.");
        var seconds = Options.Seconds("1, with --quick 0.4");
        var json = Options.File("--json", "Write the measurements into a JSON file too.", ArgumentArity.ExactlyOne);
        var markdown = Options.File(
            "--markdown", $"Write a page too; without a name: {MarkdownReport.DefaultFile}.", ArgumentArity.ZeroOrOne);
        var check = new Option<bool>("--check") { Description = "Say which targets are met; exit with 1 if one is missed." };
        var command = new Command("compare", "Time the library beside C, TensorPrimitives, a scalar loop and the memory itself.")
        {
            quick, filter, seconds, json, markdown, check,
        };
        command.SetAction(result =>
        {
            double secondsOfContest = result.GetValue(seconds) ?? (result.GetValue(quick) ? 0.4 : 1);
            Budget budget = result.GetValue(quick) ? Budget.Quick() : Budget.OfContests(secondsOfContest);
            IAnsiConsole console = Terminal.Open();
            foreach (string line in Machine.Description)
            {
                console.WriteLine(line);
            }

            NativeKernels? native = Options.LoadNative(console);
            IEnumerable<Contest> contests = result.GetValue(quick) ? Contests.Quick(native) : Contests.All(native);
            if (Options.Run(console, contests, native, result.GetValue(filter)!, secondsOfContest, budget) is not { } results)
            {
                return 1;
            }

            Verdict[] verdicts = [.. Targets.All.Select(target => target.Judge(results))];
            console.Write(MeasurementGrid.Of(results).ToTable());
            foreach (string line in results.Shortcomings)
            {
                console.WriteLine(line);
            }

            if (result.GetValue(check))
            {
                console.Write(TargetReport.GridOf(verdicts).ToTable());
                foreach (string line in TargetReport.Lines(verdicts))
                {
                    console.WriteLine(line);
                }
            }

            bool written = Write(console, result.GetValue(json)?.FullName, () => JsonReport.Of(results))
                & Write(
                    console,
                    result.GetResult(markdown) is null ? null : result.GetValue(markdown)?.FullName ?? MarkdownReport.DefaultFile,
                    () => MarkdownReport.Of(results, verdicts));
            return written && !(result.GetValue(check) && verdicts.Any(verdict => verdict.Failed)) ? 0 : 1;
        });
        return command;
    }

    private static bool Write(IAnsiConsole console, string? file, Func<string> text)
    {
        if (file is null)
        {
            return true;
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            File.WriteAllText(file, $"{text().TrimEnd()}\n");
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            console.MarkupLineInterpolated($"[red]{exception.Message}[/]");
            return false;
        }
    }
}
