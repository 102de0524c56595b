namespace Optimizers.Tests;

/// <summary>A small model with random gradients for every step, and parameter lengths that are no multiples of a lane.</summary>
internal sealed class WrappedModel : IDisposable
{
    public WrappedModel(IOptimizerOptions? options = null, int threads = 1, int scale = 1, params ParameterGroup[] groups)
    {
        Parameters.AddRange(("matrix", [7 * scale, 9]), ("vector", [131 * scale]), ("empty", [0]), ("scalar", []));
        for (int i = 0; i < Parameters.Count; i++)
        {
            Draw.Floats(i + 1, Parameters[i].Length).CopyTo(Parameters[i].Values);
        }

        Optimizer = new ModelOptimizer(
            Parameters, [.. groups, new ParameterGroup(options ?? new AdamOptions { LearningRate = 0.1 })], new() { Threads = threads });
    }

    public ParameterSet Parameters { get; } = new();

    public ModelOptimizer Optimizer { get; }

    public float[] All => [.. Parameters.SelectMany(parameter => parameter.Values.ToArray())];

    public static void DrawGradients(ParameterSet parameters, int step)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            Draw.Floats((1_000 * step) + i, parameters[i].Length).CopyTo(parameters[i].Gradients);
        }
    }

    public void DrawGradients(int step) => DrawGradients(Parameters, step);

    public void Dispose() => Parameters.Dispose();
}
