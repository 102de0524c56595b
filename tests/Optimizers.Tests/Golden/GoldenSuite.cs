using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>
/// The golden cases that the library can run, and the reason why it cannot run each of the others. The class uses no test
/// framework, so a child process without one can run the cases too.
/// </summary>
internal static class GoldenSuite
{
    // Fields of a case that OptimizerRun does not read. A case with such a field runs only if the function of its subject reads it.
    private static readonly string[] _furtherFields =
    [
        "activations", "inner", "losses",
    ];

    // The subjects that are not in the catalogue of optimizers: the function that runs their cases, and the additional
    // fields that this function reads.
    private static readonly Dictionary<string, (Func<GoldenCase, IReadOnlyList<Comparison>> Run, string[] Reads)> _others = new()
    {
        [nameof(ClipByGlobalNorm)] = (ClipRun.Run, []),
        [nameof(ClipByValue)] = (GradientClipRun.Run, []),
        [nameof(AdaptiveClip)] = (GradientClipRun.Run, []),
        [nameof(ExponentialMovingAverage)] = (AverageRun.Run, ["inner"]),
        [nameof(WeightAverage)] = (AverageRun.Run, ["inner"]),
        [nameof(Lookahead)] = (WrapperRun.Run, ["expectedEvaluation"]),
        [nameof(Sam)] = (WrapperRun.Run, []),
        [nameof(Lbfgs)] = (ClosureRun.Run, ["losses"]),
    };

    // This case amplifies rounding. Its first step begins at zero, where adaptive SAM does not ascend. After that, one rounding
    // error of one weight grows 34-fold until step 10. Runs in float32 whose gradients differ in the last bit end 1e-7 to 2e-6
    // apart, and the tolerance is 1e-6. SamTests compares every single step with double precision instead.
    private static readonly (string File, string Name) _amplifying = ("pytorch-optimizer-Sam.json", "rates");

    // A cycle with one update: PyTorch gives this update the last rate, which is 4e-6 of the peak. The library gives it the peak,
    // and PeakTests checks that.
    private static readonly (string File, string Name) _withoutPeak = ("torch-OneCycle.json", "one-step");

    /// <summary>The subjects other than optimizers and schedules: clips, averages, wrappers and L-BFGS.</summary>
    public static IReadOnlyCollection<string> Others => _others.Keys;

    public static IEnumerable<GoldenCase> OptimizerCases =>
        GoldenData.OptimizerCases.Where(golden => WhyOptimizerCannotRun(golden) is null);

    public static IEnumerable<GoldenCase> ScheduleCases =>
        GoldenData.ScheduleCases.Where(golden => WhyScheduleCannotRun(golden) is null);

    /// <summary>Runs a case of an optimizer, a wrapper, an average or a clip.</summary>
    /// <exception cref="InvalidOperationException">The case cannot be run. The message has the title of the case and the reason.</exception>
    public static IReadOnlyList<Comparison> RunOptimizer(GoldenCase golden) =>
        Run(golden, _others.TryGetValue(golden.Subject, out var other) ? other.Run : OptimizerRun.Run);

    /// <summary>Runs a case of a schedule.</summary>
    /// <inheritdoc cref="RunOptimizer" path="/exception"/>
    public static IReadOnlyList<Comparison> RunSchedule(GoldenCase golden) => Run(golden, ScheduleRun.Run);

    /// <summary>Runs all cases and returns one line for each difference from the recordings.</summary>
    public static IReadOnlyList<string> Failures() =>
        [.. OptimizerCases.SelectMany(golden => FailuresOf(golden, RunOptimizer)),
            .. ScheduleCases.SelectMany(golden => FailuresOf(golden, RunSchedule))];

    /// <summary>Returns the reason why the library cannot run a case of an optimizer; null if it can.</summary>
    public static string? WhyOptimizerCannotRun(GoldenCase golden) =>
        !Exists(golden.Subject) ? golden.Subject
        : !GoldenData.IsReplaced && (golden.File, golden.Name) == _amplifying ? $"{golden.Subject} that amplifies rounding"
        : UnreadField(golden) is { } field ? $"{golden.Subject} with {field}"
        : golden.ProblemName is not { } problem || !GoldenData.HasProblem(problem) ? $"problem {golden.ProblemName}"
        : GoldenData.Problem(problem).IsSparse && !TakesRows(golden.Subject) ? $"{golden.Subject} with sparse rows"
        : null;

    /// <summary>Returns the reason why the library cannot run a case of a schedule; null if it can.</summary>
    public static string? WhyScheduleCannotRun(GoldenCase golden) =>
        (golden.File, golden.Name) == _withoutPeak
            ? $"{golden.Subject} of one update, whose rate in PyTorch is not the peak"
            : MissingSchedule(golden.Subject, golden.Options);

    private static bool Exists(string optimizer) =>
        _others.ContainsKey(optimizer) || Catalogue.Optimizers.Any(row => row.Type.Name == optimizer);

    private static bool TakesRows(string optimizer) =>
        Catalogue.Optimizers.SingleOrDefault(row => row.Type.Name == optimizer)?.Defaults.TakesRows ?? false;

    private static string? UnreadField(GoldenCase golden) => _furtherFields
        .Except(_others.TryGetValue(golden.Subject, out var other) ? other.Reads : [])
        .FirstOrDefault(field => golden.Find(field) is not null);

    // The options of a schedule can contain other schedules.
    private static string? MissingSchedule(string name, JsonElement options) =>
        !Catalogue.Schedules.ContainsKey(name)
            ? name
            : options.EnumerateObject()
                .Where(option => option.Value.ValueKind == JsonValueKind.Array)
                .SelectMany(option => option.Value.EnumerateArray())
                .Where(child => child.ValueKind == JsonValueKind.Object)
                .Select(child => MissingSchedule(child.GetProperty("schedule").GetString()!, child.GetProperty("options")))
                .FirstOrDefault(missing => missing is not null);

    private static IReadOnlyList<Comparison> Run(GoldenCase golden, Func<GoldenCase, IReadOnlyList<Comparison>> run)
    {
        try
        {
            return run(golden);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{golden.Title}: {exception.Message}", exception);
        }
    }

    private static IEnumerable<string> FailuresOf(GoldenCase golden, Func<GoldenCase, IReadOnlyList<Comparison>> run)
    {
        try
        {
            return run(golden).Where(comparison => !comparison.Passed).Select(comparison => comparison.ToString());
        }
        catch (InvalidOperationException exception)
        {
            return [exception.Message];
        }
    }
}
