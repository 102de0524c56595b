using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>
/// Runs a case of clipping: in place, and inside the step of a model, where plain descent at rate 1 from zero leaves minus
/// the gradient that the rule saw.
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
        Require(norm == normInModel, $"step {step}: the norm is {norm:R} in place, but {normInModel:R} in a model");

        var comparisons = new List<Comparison>();
        if (golden.NumberAt("norms", step) is { } recorded)
        {
            comparisons.Add(new Comparison(golden, step, "norm", recorded, norm, 1e-6 * Math.Abs(recorded)));
        }

        foreach (JsonProperty tensor in expected.EnumerateObject())
        {
            Parameter parameter = parameters[tensor.Name];
            bool recordedGradient = tensor.Value.ValueKind != JsonValueKind.Null;
            Require(recordedGradient == parameter.HasGradient, $"step {step}, {tensor.Name}: one of recording and problem has no gradient");
            if (recordedGradient)
            {
                comparisons.Add(Comparison.OfTensor(golden, step, tensor.Name, tensor.Value, parameter.Gradients));
                CheckSeenInModel(step, parameter);
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

    private static void CheckSeenInModel(int step, Parameter parameter)
    {
        for (int i = 0; i < parameter.Length; i++)
        {
            Require(
                -parameter.Values[i] == parameter.Gradients[i],
                $"step {step}, {parameter.Name}[{i}]: {parameter.Gradients[i]:R} in place, but {-parameter.Values[i]:R} in a model");
        }
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
