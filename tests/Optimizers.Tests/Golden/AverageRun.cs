using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>Runs a case of an average over the run of an optimizer. The average itself and the swapped-in values must be equal.</summary>
internal static class AverageRun
{
    public static IReadOnlyList<Comparison> Run(GoldenCase golden)
    {
        GoldenProblem problem = GoldenData.Problem(golden.ProblemName!);
        JsonElement inner = golden.Json.GetProperty("inner");
        using ParameterSet parameters = problem.Parameters();
        var model = new ModelOptimizer(
            parameters,
            WrapperRun.OptionsOf(inner.GetProperty("optimizer").GetString()!, inner.GetProperty("options")));
        AveragedWeights average = AverageOf(golden, parameters);
        var comparisons = new List<Comparison>();
        int step = 0;
        foreach ((int recorded, JsonElement tensors) in golden.Expected)
        {
            while (step < recorded)
            {
                problem.TakeGradients(++step, parameters, golden.GradientScale);
                average.Update(model.Step());
            }

            using (average.SwapIn())
            {
                foreach (JsonProperty tensor in tensors.EnumerateObject())
                {
                    average[tensor.Name].ShouldHaveTheBitsOf(parameters[tensor.Name].Values, tensor.Name);
                    comparisons.Add(Comparison.OfTensor(golden, step, tensor.Name, tensor.Value, average[tensor.Name]));
                }
            }
        }

        return comparisons;
    }

    private static AveragedWeights AverageOf(GoldenCase golden, ParameterSet parameters)
    {
        JsonElement averaging = golden.Json.GetProperty("averaging");
        int first = averaging.GetProperty("first").GetInt32();
        int every = averaging.GetProperty("every").GetInt32();
        return golden.Subject == nameof(WeightAverage)
            ? new WeightAverage(
                parameters,
                OptionBinder.Record<WeightAverageOptions>(typeof(WeightAverageOptions), golden.Options) with
                {
                    FirstStep = first,
                    Interval = every,
                })
            : new ExponentialMovingAverage(
                parameters,
                OptionBinder.Record<ExponentialMovingAverageOptions>(
                    typeof(ExponentialMovingAverageOptions), golden.Options) with
                {
                    FirstStep = first,
                    Interval = every,
                });
    }
}
