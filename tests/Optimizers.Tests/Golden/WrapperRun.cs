using System.Globalization;
using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>
/// Runs a case of Lookahead or SAM around an optimizer. <c>Base</c> is the name of the optimizer. The options of the case
/// belong partly to the wrapper and partly to the optimizer.
/// </summary>
internal static class WrapperRun
{
    public static IReadOnlyList<Comparison> Run(GoldenCase golden)
    {
        GoldenProblem problem = GoldenData.Problem(golden.ProblemName!);
        using ParameterSet parameters = problem.Parameters();
        return golden.Subject == nameof(Sam)
            ? RunSam(golden, problem, new Sam(Within<SamOptions>(golden, parameters), Own<SamOptions>(golden)))
            : RunLookahead(golden, problem, new Lookahead(
                Within<LookaheadOptions>(golden, parameters), Own<LookaheadOptions>(golden)));
    }

    /// <summary>Selects the options that belong to the wrapper.</summary>
    public static TOptions Own<TOptions>(GoldenCase golden) => OptionBinder.Record<TOptions>(
        typeof(TOptions), Only(golden.Options, option => typeof(TOptions).GetProperty(option.Name) is not null));

    /// <summary>Creates the optimizer inside a wrapper with these options.</summary>
    public static ModelOptimizer Within<TOptions>(GoldenCase golden, ParameterSet parameters) => new(
        parameters,
        OptionsOf(
            golden.Options.GetProperty("Base").GetString()!,
            Only(golden.Options, option => option.Name != "Base" && typeof(TOptions).GetProperty(option.Name) is null)),
        new() { Schedule = golden.LearningRates is { } rates ? new FunctionSchedule(update => rates[update]) : null });

    /// <summary>Creates the options of an optimizer of the catalogue. An option that is null has its default.</summary>
    public static IOptimizerOptions OptionsOf(string optimizer, JsonElement options) =>
        OptionBinder.Record<IOptimizerOptions>(
            Catalogue.Optimizers.Single(row => row.Type.Name == optimizer).Defaults.GetType(),
            Only(options, option => option.Value.ValueKind != JsonValueKind.Null));

    private static JsonElement Only(JsonElement options, Func<JsonProperty, bool> which) => JsonSerializer.SerializeToElement(
        options.EnumerateObject().Where(which).ToDictionary(option => option.Name, option => option.Value));

    private static List<Comparison> RunLookahead(GoldenCase golden, GoldenProblem problem, Lookahead lookahead)
    {
        JsonElement slow = golden.Json.GetProperty("expectedEvaluation");
        var comparisons = new List<Comparison>();
        int step = 0;
        foreach ((int recorded, JsonElement tensors) in golden.Expected)
        {
            while (step < recorded)
            {
                problem.TakeGradients(++step, lookahead.Parameters, golden.GradientScale);
                lookahead.Step();
            }

            Compare(tensors, "fast");
            using (lookahead.SwapIn())
            {
                Compare(slow.GetProperty(step.ToString(CultureInfo.InvariantCulture)), "slow");
            }

            void Compare(JsonElement expected, string which) =>
                comparisons.AddRange(expected.EnumerateObject().Select(tensor => Comparison.OfTensor(
                    golden, recorded, $"{which} {tensor.Name}", tensor.Value, lookahead.Parameters[tensor.Name].Values)));
        }

        return comparisons;
    }

    private static List<Comparison> RunSam(GoldenCase golden, GoldenProblem problem, Sam sam)
    {
        var comparisons = new List<Comparison>();
        int step = 0;
        foreach ((int recorded, JsonElement tensors) in golden.Expected)
        {
            while (step < recorded)
            {
                step++;
                void ComputeGradients() => problem.TakeGradients(step, sam.Parameters, golden.GradientScale);

                // The two ways to take a step alternate.
                if (step % 2 == 0)
                {
                    sam.Step(ComputeGradients);
                }
                else
                {
                    ComputeGradients();
                    sam.Ascend();
                    ComputeGradients();
                    sam.Step();
                }
            }

            comparisons.AddRange(tensors.EnumerateObject().Select(tensor => Comparison.OfTensor(
                golden, step, tensor.Name, tensor.Value, sam.Parameters[tensor.Name].Values)));
        }

        return comparisons;
    }
}
