using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>
/// The golden cases that the library can run yet, and what the others wait for. It knows nothing of a test framework, so
/// that a process without one runs it too.
/// </summary>
internal static class GoldenSuite
{
    // What a case carries beside positions, and the run of an optimizer does not hold against the library.
    private static readonly string[] _furtherFields =
    [
        "activations", "inner", "losses",
    ];

    // What is no optimizer of the catalogue: how it runs, and what it reads of those fields.
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

    // The first step begins at zero, where the adaptive form does not ascend, and from there one rounding of one weight grows
    // 34-fold until step 10: runs in float32 whose gradients differ in the last bit end 1e-7 to 2e-6 apart, and the bound is
    // 1e-6. SamTests holds every single step of it against double precision instead.
    private static readonly (string File, string Name) _amplifying = ("pytorch-optimizer-Sam.json", "rates");

    // PyTorch gives the only update of a cycle the last rate, 4e-6 of the peak; here it is at the peak. PeakTests holds that.
    private static readonly (string File, string Name) _withoutPeak = ("torch-OneCycle.json", "one-step");

    /// <summary>What can run beside optimizers and schedules.</summary>
    public static IReadOnlyCollection<string> Others => _others.Keys;

    public static IEnumerable<GoldenCase> OptimizerCases =>
        GoldenData.OptimizerCases.Where(golden => WhatOptimizerLacks(golden) is null);

    public static IEnumerable<GoldenCase> ScheduleCases =>
        GoldenData.ScheduleCases.Where(golden => WhatScheduleLacks(golden) is null);

    /// <summary>Runs a case of an optimizer, a wrapper, an average or a clip.</summary>
    /// <exception cref="InvalidOperationException">The case cannot be run; the message says which and why.</exception>
    public static IReadOnlyList<Comparison> RunOptimizer(GoldenCase golden) =>
        Run(golden, _others.TryGetValue(golden.Subject, out var other) ? other.Run : OptimizerRun.Run);

    /// <summary>Runs a case of a schedule.</summary>
    /// <inheritdoc cref="RunOptimizer" path="/exception"/>
    public static IReadOnlyList<Comparison> RunSchedule(GoldenCase golden) => Run(golden, ScheduleRun.Run);

    /// <summary>Runs everything, and says in a line each what is not as recorded.</summary>
    public static IReadOnlyList<string> Failures() =>
        [.. OptimizerCases.SelectMany(golden => FailuresOf(golden, RunOptimizer)),
            .. ScheduleCases.SelectMany(golden => FailuresOf(golden, RunSchedule))];

    /// <summary>Why a case of an optimizer cannot run yet; null if it can.</summary>
    public static string? WhatOptimizerLacks(GoldenCase golden) =>
        !Exists(golden.Subject) ? golden.Subject
        : !GoldenData.IsReplaced && (golden.File, golden.Name) == _amplifying ? $"{golden.Subject} that amplifies rounding"
        : UnreadField(golden) is { } field ? $"{golden.Subject} with {field}"
        : golden.ProblemName is not { } problem || !GoldenData.HasProblem(problem) ? $"problem {golden.ProblemName}"
        : GoldenData.Problem(problem).IsSparse && !TakesRows(golden.Subject) ? $"{golden.Subject} with sparse rows"
        : null;

    /// <summary>Why a case of a schedule cannot run yet; null if it can.</summary>
    public static string? WhatScheduleLacks(GoldenCase golden) =>
        (golden.File, golden.Name) == _withoutPeak
            ? $"{golden.Subject} of one update, which PyTorch does not let reach its peak"
            : MissingSchedule(golden.Subject, golden.Options);

    private static bool Exists(string optimizer) =>
        _others.ContainsKey(optimizer) || Catalogue.Optimizers.Any(row => row.Type.Name == optimizer);

    private static bool TakesRows(string optimizer) =>
        Catalogue.Optimizers.SingleOrDefault(row => row.Type.Name == optimizer)?.Defaults.TakesRows ?? false;

    private static string? UnreadField(GoldenCase golden) => _furtherFields
        .Except(_others.TryGetValue(golden.Subject, out var other) ? other.Reads : [])
        .FirstOrDefault(field => golden.Find(field) is not null);

    // The options of a schedule may hold other schedules.
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
