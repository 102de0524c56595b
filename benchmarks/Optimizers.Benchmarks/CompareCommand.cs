using System.CommandLine;
using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>The command compare, which times the library and its competitors side by side.</summary>
internal static class CompareCommand
{
    public static Command Make()
    {
        var quick = new Option<bool>("--quick") { Description = "Measure only AdamW, Momentum and Lion at three sizes, within a minute." };
        var filter = Options.Filter("Measure only rows whose work or contender contains one of these texts.");
        var seconds = Options.Seconds("1, or 0.4 with --quick");
        var json = Options.File("--json", "Also write the measurements to a JSON file.", ArgumentArity.ExactlyOne);
        var markdown = Options.File(
            "--markdown", $"Also write the results to a Markdown page; without FILE: {MarkdownReport.DefaultFile}.", ArgumentArity.ZeroOrOne);
        var check = new Option<bool>("--check") { Description = "Compare the results with the targets; the exit code is 1 if a target is missed." };
        var command = new Command("compare", "Time the library and compare it with C, TensorPrimitives, a scalar loop and memory bandwidth.")
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
