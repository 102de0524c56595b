namespace Optimizers.Tests;

/// <summary>The result of some steps: parameters and state.</summary>
internal sealed record Outcome(float[] Parameters, OptimizerSnapshot State)
{
    /// <summary>Takes the steps on a copy of the start.</summary>
    public static Outcome Of(IOptimizer optimizer, float[] start, IEnumerable<float[]> gradients)
    {
        float[] parameters = [.. start];
        foreach (float[] gradient in gradients)
        {
            optimizer.Step(parameters, gradient);
        }

        return new Outcome(parameters, optimizer.State.Save());
    }

    /// <summary>Takes the steps with a model of one parameter, named "all". Its initial values are those of the start.</summary>
    public static Outcome OfModel(
        IOptimizerOptions options, float[] start, IEnumerable<float[]> gradients, ModelOptimizerOptions? model = null, int lane = 0,
        StateFormat format = StateFormat.Float32)
    {
        using var set = new ParameterSet();
        Parameter parameter = set.Add("all", Catalogue.ShapeFor(options, start.Length));
        start.CopyTo(parameter.Values);
        var optimizer = new ModelOptimizer(set, [new ParameterGroup(options) { StateFormat = format }], model, lane);
        foreach (float[] gradient in gradients)
        {
            gradient.CopyTo(parameter.Gradients);
            optimizer.Step();
        }

        return new Outcome(parameter.Values.ToArray(), optimizer.StateOf("all").Save());
    }

    public void ShouldHaveTheBitsOf(Outcome expected, string what)
    {
        Parameters.ShouldHaveTheBitsOf(expected.Parameters, $"{what}, parameters");
        State.ShouldHaveTheBitsOf(expected.State, what);
    }
}
