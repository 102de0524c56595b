using System.Globalization;
using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>One case of a golden file.</summary>
/// <param name="File">The name of the file.</param>
/// <param name="Subject">The C# name of the optimizer, wrapper, average, clip or schedule of the file.</param>
/// <param name="Name">The name of the case. It is unique in its file.</param>
/// <param name="Json">The JSON of the case.</param>
internal sealed record GoldenCase(string File, string Subject, string Name, JsonElement Json)
{
    private static readonly JsonElement _noOptions = JsonElement.Parse("{}");

    /// <summary>The title of the case in messages.</summary>
    public string Title => $"{Subject}, {File}, {Name}";

    public JsonElement Options => Find("options") ?? _noOptions;

    /// <summary>The name of the problem; null if the case has its own data.</summary>
    public string? ProblemName => Find("problem")?.GetString();

    public double GradientScale => Find("gradientScale")?.GetDouble() ?? 1;

    /// <summary>The rate of each step. Null: all steps use the rate of the options.</summary>
    public double[]? LearningRates => Find("learningRates") is { } rates ? Numbers(rates) : null;

    /// <summary>The names of the tensors that the optimizer gets. Null: it gets all tensors of the problem.</summary>
    public string[]? GivenTensors =>
        Find("parameters") is { } names ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : null;

    /// <summary>The tensors after each recorded number of steps, in the order of the steps.</summary>
    public IReadOnlyList<(int Step, JsonElement Tensors)> Expected =>
        [.. Json.GetProperty("expected").EnumerateObject()
            .Select(snapshot => (int.Parse(snapshot.Name, CultureInfo.InvariantCulture), snapshot.Value))
            .OrderBy(snapshot => snapshot.Item1)];

    public static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetDouble())];

    /// <summary>The distance between the float32 run and the float64 run of the source; null if it is not known.</summary>
    public double? PeerErrorAt(int step) => NumberAt("peerError", step);

    /// <summary>The number of a step in a field of the case; null if the field is absent or has no number for the step.</summary>
    public double? NumberAt(string field, int step) =>
        Find(field) is { } numbers
            && numbers.TryGetProperty(step.ToString(CultureInfo.InvariantCulture), out JsonElement number)
            && number.ValueKind == JsonValueKind.Number
                ? number.GetDouble()
                : null;

    /// <summary>A field of the case; null if it is absent or null.</summary>
    public JsonElement? Find(string field) =>
        Json.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
