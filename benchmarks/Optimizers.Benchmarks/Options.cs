using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Spectre.Console;

namespace Optimizers.Benchmarks;

/// <summary>Options and steps that the commands compare and engine share.</summary>
internal static class Options
{
    public static Option<string[]> Filter(string description) => new("--filter")
    {
        HelpName = "TEXT",
        Description = description,
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [""],
    };

    public static Option<double?> Seconds(string standard) => new("--seconds")
    {
        HelpName = "S",
        Description = $"The measuring time of one contest in seconds; default {standard}.",
        CustomParser = result =>
        {
            string given = result.Tokens[0].Value;
            if (!double.TryParse(given, CultureInfo.InvariantCulture, out double value) || !(value >= 0 && value <= 3600))
            {
                result.AddError($"--seconds must be a number from 0 to 3600, but is \"{given}\".");
            }

            return value;
        },
    };

    public static Option<FileInfo> File(string name, string description, ArgumentArity arity) => new(name)
    {
        HelpName = "FILE",
        Description = description,
        Arity = arity,
        CustomParser = result => result.Tokens is [{ Value: var given }] ? Checked(result, name, given) : null,
    };

    public static NativeKernels? LoadNative(IAnsiConsole console)
    {
        NativeKernels? native = NativeKernels.TryLoad(out string reason);
        if (native is null)
        {
            console.MarkupLineInterpolated($"[yellow]The C contender is not measured: {reason}[/]");
        }

        return native;
    }

    /// <summary>Times the contests that match the filters.</summary>
    /// <returns>The results. Null, after a message, if no contest matches or if the contenders compute different values.</returns>
    public static Results? Run(
        IAnsiConsole console, IEnumerable<Contest> contests, Func<string, string?> disagreementOf, string[] filters, double seconds, Budget budget)
    {
        Contest[] left =
        [
            .. contests
                .Select(contest => new Contest([.. contest.Entrants.Where(entrant => filters.Any(filter => Passes(entrant.Cell, filter)))]))
                .Where(contest => contest.Entrants.Count > 0),
        ];
        if (left.Length == 0)
        {
            console.MarkupLineInterpolated($"[red]--filter matches nothing: no work and no contender contains \"{string.Join("\" or \"", filters)}\".[/]");
            return null;
        }

        return new Run(console, seconds, budget).Of(left, disagreementOf);
    }

    private static bool Passes(Cell cell, string filter) =>
        cell.What.Contains(filter, StringComparison.OrdinalIgnoreCase)
        || cell.Contender.Contains(filter, StringComparison.OrdinalIgnoreCase);

    private static FileInfo? Checked(ArgumentResult result, string name, string given)
    {
        if (given.Length == 0 || Directory.Exists(given))
        {
            result.AddError($"{name} must name a file, but is \"{given}\".");
            return null;
        }

        return new FileInfo(given);
    }
}
