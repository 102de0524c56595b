using System.Globalization;
using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>One case of a golden file.</summary>
/// <param name="File">The name of the file.</param>
/// <param name="Subject">The optimizer, wrapper, clip or schedule that the file is about, by its C# name.</param>
/// <param name="Name">The name of the case, made unique in its file.</param>
/// <param name="Json">All that the case says.</param>
internal sealed record GoldenCase(string File, string Subject, string Name, JsonElement Json)
{
    private static readonly JsonElement _noOptions = JsonElement.Parse("{}");

    /// <summary>Which case it is, for messages.</summary>
    public string Title => $"{Subject}, {File}, {Name}";

    public JsonElement Options => Find("options") ?? _noOptions;

    /// <summary>The name of the problem, or null where the case brings its own data.</summary>
    public string? ProblemName => Find("problem")?.GetString();

    public double GradientScale => Find("gradientScale")?.GetDouble() ?? 1;

    /// <summary>The rate of each step, or null: the options' rate at all of them.</summary>
    public double[]? LearningRates => Find("learningRates") is { } rates ? Numbers(rates) : null;

    /// <summary>The tensors that the optimizer is given, or null: all of the problem.</summary>
    public string[]? HandedTensors =>
        Find("parameters") is { } names ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : null;

    /// <summary>The tensors after each recorded number of steps, in the order of the steps.</summary>
    public IReadOnlyList<(int Step, JsonElement Tensors)> Expected =>
        [.. Json.GetProperty("expected").EnumerateObject()
            .Select(snapshot => (int.Parse(snapshot.Name, CultureInfo.InvariantCulture), snapshot.Value))
            .OrderBy(snapshot => snapshot.Item1)];

    public static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetDouble())];

    /// <summary>How far the source's own float32 run was from its float64 run, or null where nobody knows.</summary>
    public double? PeerErrorAt(int step) => NumberAt("peerError", step);

    /// <summary>The number that a field of the case has for a step, if the case, the field and the step have one.</summary>
    public double? NumberAt(string field, int step) =>
        Find(field) is { } numbers
            && numbers.TryGetProperty(step.ToString(CultureInfo.InvariantCulture), out JsonElement number)
            && number.ValueKind == JsonValueKind.Number
                ? number.GetDouble()
                : null;

    /// <summary>A field of the case, or null where it is absent or null.</summary>
    public JsonElement? Find(string field) =>
        Json.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
