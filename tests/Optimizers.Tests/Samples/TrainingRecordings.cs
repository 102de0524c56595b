using System.Text.Json;
using System.Text.Json.Serialization;
using Digits;

namespace Optimizers.Tests.Samples;

/// <summary>
/// The recorded training runs: the folder Golden/training beside the tests, or that of OPTIMIZERS_GOLDEN_DIR in its place.
/// </summary>
internal static class TrainingRecordings
{
    private static readonly JsonSerializerOptions _strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    // Names of options are those of the properties to the letter.
    private static readonly JsonSerializerOptions _exact = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>The folder that comes with the tests.</summary>
    public static string BuiltIn { get; } = Path.Combine(AppContext.BaseDirectory, "Golden", "training");

    public static string Folder { get; } =
        Environment.GetEnvironmentVariable("OPTIMIZERS_GOLDEN_DIR") is { Length: > 0 } other
            ? Path.Combine(other, "training")
            : BuiltIn;

    /// <summary>The files whose recordings have a property; none where the folder is absent.</summary>
    public static IReadOnlyList<string> FilesWith(string property) =>
        Directory.Exists(Folder)
            ? [.. Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal).Where(file => Has(file, property))]
            : [];

    /// <summary>Reads what all runs of a file share.</summary>
    public static T Start<T>(string file) => JsonSerializer.Deserialize<T>(File.ReadAllText(file), JsonSerializerOptions.Web)!;

    /// <summary>Reads the runs of a file.</summary>
    public static IReadOnlyList<RecordedRun> Runs(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        return document.RootElement.GetProperty("runs").Deserialize<RecordedRun[]>(_strict)!;
    }

    /// <summary>Makes the options of a recorded optimizer; an unknown optimizer or option fails.</summary>
    public static IOptimizerOptions OptionsOf(RecordedRun run) =>
        (IOptimizerOptions)Bind($"Optimizers.{run.Optimizer}Options", run.Options);

    /// <summary>Makes the recipe that a run was recorded with.</summary>
    public static Recipe RecipeOf(RecordedRun run) => new(run.Optimizer, OptionsOf(run))
    {
        Schedule = run.Schedule is { } schedule
            ? _ => (ILrSchedule)Bind($"Optimizers.Schedules.{schedule.Schedule}", schedule.Options)
            : null,
        Clip = run.Clip?.Deserialize<ClipByGlobalNorm>(_exact),
        WeightDecayOfBiases = run.WeightDecayOfBiases,
    };

    private static object Bind(string typeName, JsonElement options) =>
        options.Deserialize(typeof(IOptimizerOptions).Assembly.GetType(typeName, throwOnError: true)!, _exact)!;

    private static bool Has(string file, string property)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        return document.RootElement.TryGetProperty(property, out _);
    }
}

/// <summary>A recorded run; the figures of the peer are those of its own float32.</summary>
public sealed record RecordedRun(
    string Optimizer,
    JsonElement Options,
    IReadOnlyList<double> Loss,
    IReadOnlyList<double> PeerLoss,
    IReadOnlyList<double>? TestAccuracy,
    IReadOnlyList<double>? PeerTestAccuracy,
    RecordedSchedule? Schedule,
    JsonElement? Clip,
    double? WeightDecayOfBiases)
{
    /// <summary>Holds losses against the recorded ones, within the bounds of Golden/README.md.</summary>
    public void ShouldHaveLosses(IReadOnlyList<double> losses)
    {
        losses.Should().HaveSameCount(Loss);
        for (int i = 0; i < Loss.Count; i++)
        {
            double bound = Math.Max(3 * Math.Abs(PeerLoss[i] - Loss[i]), 1e-4 * Math.Abs(Loss[i]));
            losses[i].Should().BeApproximately(Loss[i], bound, "that is loss {0} of {1} {2}", i, Optimizer, Options);
        }
    }
}

public sealed record RecordedSchedule(string Schedule, JsonElement Options);
