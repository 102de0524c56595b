using System.CommandLine;
using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>The command compare, which times the library and its competitors side by side.</summary>
internal static class CompareCommand
{
    private const string TorchSuffix = "-torch";

    public static Command Make()
    {
        var quick = new Option<bool>("--quick")
        {
            Description = "Measure only AdamW, Momentum and Lion at three sizes, within a minute. With --torch: only AdamW, without the largest models.",
        };
        var torch = new Option<bool>("--torch")
        {
            Description = "Compare with TorchSharp's optimizers and PyTorch's fused and foreach kernels instead. Needs libtorch.",
        };
        var filter = Options.Filter("Measure only the rows with one of these texts in the name of the work or of the contender.");
        var seconds = Options.Seconds("1, or 0.4 with --quick");
        var json = Options.File("--json", "Also write the measurements to a JSON file.", ArgumentArity.ExactlyOne);
        var markdown = Options.File(
            "--markdown",
            $"Also write the results to a Markdown page; without FILE: {MarkdownReport.DefaultFile()}, with --torch {MarkdownReport.DefaultFile(TorchSuffix)}.",
            ArgumentArity.ZeroOrOne);
        var check = new Option<bool>("--check") { Description = "Compare the results with the targets; the exit code is 1 if a target is missed." };
        var command = new Command("compare", "Time the library and compare it with C, TensorPrimitives, a scalar loop and memory bandwidth, or with PyTorch.")
        {
            quick, torch, filter, seconds, json, markdown, check,
        };
        command.SetAction(result =>
        {
            double secondsOfContest = result.GetValue(seconds) ?? (result.GetValue(quick) ? 0.4 : 1);
            IAnsiConsole console = Terminal.Open();
            if (result.GetValue(torch) && TorchLibrary.Load() is { } reason)
            {
                console.MarkupLineInterpolated($"[red]{reason}[/]");
                return 1;
            }

            Budget budget = result.GetValue(quick) ? Budget.Quick() : Budget.OfContests(secondsOfContest);
            foreach (string line in Machine.Description)
            {
                console.WriteLine(line);
            }

            Results? Run(IEnumerable<Contest> contests, Func<string, string?> disagreementOf) =>
                Options.Run(console, contests, disagreementOf, result.GetValue(filter)!, secondsOfContest, budget);

            if ((result.GetValue(torch)
                ? Run(result.GetValue(quick) ? TorchContests.Quick() : TorchContests.All(), TorchAgreement.Disagreement)
                : WithC(console, result.GetValue(quick), Run)) is not { } results)
            {
                return 1;
            }

            Grid grid = result.GetValue(torch) ? MeasurementGrid.Torch(results) : MeasurementGrid.Of(results);
            Verdict[] verdicts = [.. (result.GetValue(torch) ? TorchTargets.All : Targets.All).Select(target => target.Judge(results))];
            console.Write(grid.ToTable());
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
                    result.GetResult(markdown) is null
                        ? null
                        : result.GetValue(markdown)?.FullName ?? MarkdownReport.DefaultFile(result.GetValue(torch) ? TorchSuffix : ""),
                    () => MarkdownReport.Of(results, grid, verdicts));
            return written && !(result.GetValue(check) && verdicts.Any(verdict => verdict.Failed)) ? 0 : 1;
        });
        return command;
    }

    private static Results? WithC(IAnsiConsole console, bool quick, Func<IEnumerable<Contest>, Func<string, string?>, Results?> run)
    {
        NativeKernels? native = Options.LoadNative(console);
        return run(quick ? Contests.Quick(native) : Contests.All(native), name => Agreement.Disagreement(name, native));
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
