using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>
/// Runs a case of clipping by the global norm, in place and in the step of a model. The model uses SGD with the rate 1 and starts
/// at zero, so its parameters are then the negative clipped gradients.
/// </summary>
internal static class ClipRun
{
    public static IReadOnlyList<Comparison> Run(GoldenCase golden)
    {
        ClipByGlobalNorm clip = OptionBinder.Record<ClipByGlobalNorm>(typeof(ClipByGlobalNorm), golden.Options);
        return [.. golden.Expected.SelectMany(snapshot => RunStep(golden, clip, snapshot.Step, snapshot.Tensors))];
    }

    private static List<Comparison> RunStep(GoldenCase golden, ClipByGlobalNorm clip, int step, JsonElement expected)
    {
        using ParameterSet parameters = Parameters(golden, step);
        var model = new ModelOptimizer(parameters, new SgdOptions { LearningRate = 1 }, new ModelOptimizerOptions { Clip = clip });
        double normInModel = model.Step().GradientNorm;
        double norm = clip.Apply(parameters);
        Require(norm == normInModel, $"step {step}: the norm is {norm:R} in place, but {normInModel:R} in the model");

        var comparisons = new List<Comparison>();
        if (golden.NumberAt("norms", step) is { } recorded)
        {
            comparisons.Add(new Comparison(golden, step, "norm", recorded, norm, 1e-6 * Math.Abs(recorded)));
        }

        foreach (JsonProperty tensor in expected.EnumerateObject())
        {
            Parameter parameter = parameters[tensor.Name];
            bool recordedGradient = tensor.Value.ValueKind != JsonValueKind.Null;
            Require(recordedGradient == parameter.HasGradient, $"step {step}, {tensor.Name}: the recording and the problem must both have a gradient, or neither");
            if (recordedGradient)
            {
                comparisons.Add(Comparison.OfTensor(golden, step, tensor.Name, tensor.Value, parameter.Gradients));
                CheckGradientInModel(step, parameter);
            }
        }

        return comparisons;
    }

    private static ParameterSet Parameters(GoldenCase golden, int step)
    {
        GoldenProblem problem = GoldenData.Problem(golden.ProblemName!);
        var parameters = new ParameterSet();
        parameters.AddRange([.. problem.Tensors.Select(tensor => (tensor.Name, tensor.Shape))]);
        foreach (GoldenTensor tensor in problem.Tensors)
        {
            float[]? gradient = problem.Gradient(step, tensor.Name, tensor.Initial, golden.GradientScale);
            parameters[tensor.Name].HasGradient = gradient is not null;
            gradient?.CopyTo(parameters[tensor.Name].Gradients);
        }

        return parameters;
    }

    private static void CheckGradientInModel(int step, Parameter parameter)
    {
        for (int i = 0; i < parameter.Length; i++)
        {
            Require(
                -parameter.Values[i] == parameter.Gradients[i],
                $"step {step}, {parameter.Name}[{i}]: the gradient is {parameter.Gradients[i]:R} in place, but {-parameter.Values[i]:R} in the model");
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidOperationException(message);
        }
    }
}
