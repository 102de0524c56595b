using System.Text.Json;
using System.Text.Json.Nodes;
using Optimizers;
using Optimizers.Configuration;

namespace Race;

/// <summary>Who takes part: an optimizer by its name, or with options of its own as JSON.</summary>
internal sealed class Contender
{
    private const string Rate = "learningRate";

    private static readonly LbfgsOptions _lbfgs = new() { MaximumIterations = 1, MaximumEvaluations = 30, LineSearch = LineSearch.StrongWolfe };

    // The usual advice: a step of about three.
    private static readonly double[] _rates = [1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3];

    private readonly JsonObject? _json;

    private Contender(string name, JsonObject? json) => (Name, Label, _json) = (name, name, json);

    /// <summary>The name of the optimizer.</summary>
    public string Name { get; }

    /// <summary>What tells it from the others: its name, with a number where it is not the first of that name.</summary>
    public string Label { get; private init; }

    /// <summary>The rates that it is tried at: its own, if it was given one; a line search needs none.</summary>
    public IReadOnlyList<double> Rates => _json is null ? [1] : _json.TryGetPropertyValue(Rate, out JsonNode? rate) ? [rate!.GetValue<double>()] : _rates;

    /// <summary>Whether it asks for the loss again and again within a step, so that it cannot learn from batches.</summary>
    public bool IsMinimizer => _json is null;

    /// <exception cref="ArgumentException">There is no such optimizer, or it has no such options.</exception>
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

        // Not every optimizer works on two numbers: some need matrices.
        OptimizerConfiguration.Create(contender.Name, length: 2, contender.JsonAt(_rates[0]));
        return contender;
    }

    /// <summary>Gives those of the same name numbers.</summary>
    public static Contender[] Labelled(IReadOnlyList<Contender> contenders) =>
    [
        .. contenders.Select((contender, i) => contenders.Take(i).Count(other => other.Name == contender.Name) is > 0 and int before
            ? new Contender(contender.Name, contender._json) { Label = $"{contender.Name} {before + 1}" }
            : contender),
    ];

    /// <summary>The label, as the help prints it.</summary>
    public override string ToString() => Label;

    public IOptimizerOptions OptionsAt(double rate) => OptimizerConfiguration.Parse(JsonAt(rate));

    /// <summary>Descends from the start, and gives the place after each step; the first is the start.</summary>
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
