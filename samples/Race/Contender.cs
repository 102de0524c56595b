using System.Text.Json;
using System.Text.Json.Nodes;
using Optimizers;
using Optimizers.Configuration;

namespace Race;

/// <summary>An optimizer in the race, given by its name or by a JSON object with its options.</summary>
internal sealed class Contender
{
    private const string Rate = "learningRate";

    private static readonly LbfgsOptions _lbfgs = new() { MaximumIterations = 1, MaximumEvaluations = 30, LineSearch = LineSearch.StrongWolfe };

    // Usual advice for a search: multiply the rate by about three each time.
    private static readonly double[] _rates = [1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3];

    private readonly JsonObject? _json;

    private Contender(string name, JsonObject? json) => (Name, Label, _json) = (name, name, json);

    /// <summary>The name of the optimizer.</summary>
    public string Name { get; }

    /// <summary>A unique name. The second contender with the same name has the number 2, and so on.</summary>
    public string Label { get; private init; }

    /// <summary>
    /// The rates to try: only the rate of the JSON object if it has one. L-BFGS has a line search and needs no rate.
    /// </summary>
    public IReadOnlyList<double> Rates => _json is null ? [1] : _json.TryGetPropertyValue(Rate, out JsonNode? rate) ? [rate!.GetValue<double>()] : _rates;

    /// <summary>Whether a step evaluates the loss several times. Such an optimizer cannot train on batches.</summary>
    public bool IsMinimizer => _json is null;

    /// <summary>Reads a contender from its name or its JSON object.</summary>
    /// <exception cref="ArgumentException">The optimizer or one of its options is unknown or invalid.</exception>
    public static Contender Parse(string text)
    {
        if (string.Equals(text, nameof(Lbfgs), StringComparison.OrdinalIgnoreCase))
        {
            return new Contender(nameof(Lbfgs), json: null);
        }

        IOptimizerOptions options = text.StartsWith('{') ? OptimizerConfiguration.Parse(text) : OptimizerConfiguration.CreateOptions(text);
        var whole = (JsonObject)JsonNode.Parse(OptimizerConfiguration.ToJson(options))!;
        if (!text.StartsWith('{') || !HasRate(text))
        {
            whole.Remove(Rate);
        }

        var contender = new Contender(whole["kind"]!.GetValue<string>(), whole);

        // Create it once, because some optimizers need matrices and refuse two numbers.
        OptimizerConfiguration.Create(contender.Name, length: 2, contender.JsonAt(_rates[0]));
        return contender;
    }

    /// <summary>Gives numbers to contenders with the same name.</summary>
    public static Contender[] Labelled(IReadOnlyList<Contender> contenders) =>
    [
        .. contenders.Select((contender, i) => contenders.Take(i).Count(other => other.Name == contender.Name) is > 0 and int before
            ? new Contender(contender.Name, contender._json) { Label = $"{contender.Name} {before + 1}" }
            : contender),
    ];

    /// <summary>Returns the label.</summary>
    public override string ToString() => Label;

    public IOptimizerOptions OptionsAt(double rate) => OptimizerConfiguration.Parse(JsonAt(rate));

    /// <summary>Runs the optimizer on a surface. Returns the start, and then the position after each step.</summary>
    public IEnumerable<(double X, double Y)> Descend(Surface surface, double rate, int steps)
    {
        float[] place = [(float)surface.Start.X, (float)surface.Start.Y];
        float[] gradients = new float[2];
        Action step = _json is null ? Minimizer() : Optimizer();
        yield return (place[0], place[1]);
        for (int i = 0; i < steps; i++)
        {
            step();
            yield return (place[0], place[1]);
        }

        Action Optimizer()
        {
            IOptimizer optimizer = OptimizerConfiguration.Create(Name, place.Length, JsonAt(rate), threads: 1);
            return () =>
            {
                (double x, double y) = surface.Gradient(place[0], place[1]);
                (gradients[0], gradients[1]) = ((float)x, (float)y);
                optimizer.Step(place, gradients);
            };
        }

        Action Minimizer()
        {
            var lbfgs = new Lbfgs(place.Length, _lbfgs);
            return () => lbfgs.Step(place, (point, slope) =>
            {
                (double x, double y) = surface.Gradient(point[0], point[1]);
                (slope[0], slope[1]) = ((float)x, (float)y);
                return surface.Value(point[0], point[1]);
            });
        }
    }

    private static bool HasRate(string json) =>
        JsonDocument.Parse(json).RootElement.EnumerateObject().Any(property => property.Name.Equals(Rate, StringComparison.OrdinalIgnoreCase));

    private string JsonAt(double rate)
    {
        var json = (JsonObject)_json!.DeepClone();
        json[Rate] = rate;
        return json.ToJsonString();
    }
}
