using System.Text.Json;
using System.Text.Json.Serialization;
using Digits;

namespace Optimizers.Tests.Samples;

/// <summary>
/// The recorded training runs. They are in the folder Golden/training next to the tests, or in the folder training below
/// OPTIMIZERS_GOLDEN_DIR if that variable is set.
/// </summary>
internal static class TrainingRecordings
{
    private static readonly JsonSerializerOptions _strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    // The names of options must equal the names of the properties, including the case.
    private static readonly JsonSerializerOptions _exact = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>The folder that is part of the tests.</summary>
    public static string BuiltIn { get; } = Path.Combine(AppContext.BaseDirectory, "Golden", "training");

    public static string Folder { get; } =
        Environment.GetEnvironmentVariable("OPTIMIZERS_GOLDEN_DIR") is { Length: > 0 } other
            ? Path.Combine(other, "training")
            : BuiltIn;

    /// <summary>The files whose recordings have a property. There are none if the folder does not exist.</summary>
    public static IReadOnlyList<string> FilesWith(string property) =>
        Directory.Exists(Folder)
            ? [.. Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal).Where(file => Has(file, property))]
            : [];

    /// <summary>Reads the settings that all runs of a file share.</summary>
    public static T Start<T>(string file) => JsonSerializer.Deserialize<T>(File.ReadAllText(file), JsonSerializerOptions.Web)!;

    /// <summary>Reads the runs of a file.</summary>
    public static IReadOnlyList<RecordedRun> Runs(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        return document.RootElement.GetProperty("runs").Deserialize<RecordedRun[]>(_strict)!;
    }

    /// <summary>Creates the options of a recorded optimizer. An unknown optimizer or option throws.</summary>
    public static IOptimizerOptions OptionsOf(RecordedRun run) =>
        (IOptimizerOptions)Bind($"Optimizers.{run.Optimizer}Options", run.Options);

    /// <summary>Creates the recipe of a recorded run.</summary>
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

/// <summary>A recorded run. The values with the prefix Peer come from the float32 run of the recorded library.</summary>
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
    /// <summary>Compares losses with the recorded losses, within the bounds of Golden/README.md.</summary>
    public void ShouldHaveLosses(IReadOnlyList<double> losses)
    {
        losses.Should().HaveSameCount(Loss);
        for (int i = 0; i < Loss.Count; i++)
        {
            double bound = Math.Max(3 * Math.Abs(PeerLoss[i] - Loss[i]), 1e-4 * Math.Abs(Loss[i]));
            losses[i].Should().BeApproximately(Loss[i], bound, "this is the recorded loss {0} of {1} with {2}", i, Optimizer, Options);
        }
    }
}

public sealed record RecordedSchedule(string Schedule, JsonElement Options);
