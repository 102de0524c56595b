using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>
/// Runs a case of a clip that treats each tensor or each element separately. Clipping a whole set and clipping each buffer must
/// give the same bits.
/// </summary>
internal static class GradientClipRun
{
    public static IReadOnlyList<Comparison> Run(GoldenCase golden)
    {
        (Action<ParameterSet> whole, Action<Parameter> alone) = ClipOf(golden);
        return [.. golden.Expected.SelectMany(snapshot => RunStep(golden, whole, alone, snapshot.Step, snapshot.Tensors))];
    }

    private static (Action<ParameterSet> Whole, Action<Parameter> Alone) ClipOf(GoldenCase golden)
    {
        switch (golden.Subject)
        {
            case nameof(ClipByValue):
                ClipByValue byValue = OptionBinder.Record<ClipByValue>(typeof(ClipByValue), golden.Options);
                return (set => byValue.Apply(set), parameter => byValue.Apply(parameter.Gradients));
            default:
                AdaptiveClip adaptive = OptionBinder.Record<AdaptiveClip>(typeof(AdaptiveClip), golden.Options);
                return (
                    set => adaptive.Apply(set),
                    parameter => adaptive.Apply(parameter.Gradients, parameter.Values, [.. parameter.Shape]));
        }
    }

    private static List<Comparison> RunStep(
        GoldenCase golden, Action<ParameterSet> whole, Action<Parameter> alone, int step, JsonElement expected)
    {
        using ParameterSet together = GoldenData.Problem(golden.ProblemName!).Parameters(step, golden.GradientScale);
        using ParameterSet apart = GoldenData.Problem(golden.ProblemName!).Parameters(step, golden.GradientScale);
        whole(together);
        var comparisons = new List<Comparison>();
        foreach (JsonProperty tensor in expected.EnumerateObject().Where(tensor => tensor.Value.ValueKind != JsonValueKind.Null))
        {
            Parameter parameter = apart[tensor.Name];
            alone(parameter);
            parameter.Gradients.ToArray().ShouldHaveTheBitsOf(
                together[tensor.Name].Gradients.ToArray(), $"step {step}, {tensor.Name}");
            comparisons.Add(Comparison.OfTensor(golden, step, tensor.Name, tensor.Value, parameter.Gradients));
        }

        return comparisons;
    }
}
