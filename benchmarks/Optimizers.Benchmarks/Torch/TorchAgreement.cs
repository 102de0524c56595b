using global::TorchSharp;
using Optimizers.TorchSharp;
using Optimizers.Training;
using static global::TorchSharp.torch;
using TorchParameter = global::TorchSharp.Modules.Parameter;

namespace Optimizers.Benchmarks;

/// <summary>Checks before the timing that PyTorch's kernels and TorchSharp's optimizers compute the same values as the library.</summary>
internal static class TorchAgreement
{
    private const int Steps = 5;

    // The parameters are below 1 in magnitude, and each of the steps rounds a few times.
    private const float Tolerance = 1e-6f;

    private static readonly Shape _shape = Shape.Of(12_325, 7, 4_096, 100);

    /// <summary>Returns a message about the first difference for the optimizer with a name, or null if there is none.</summary>
    public static string? Disagreement(string name) => name == TorchContests.SparseRow.Name
        ? null
        : OfKernels(Catalogue.Row(name)) ?? OfModules(TorchContests.ModuleRows.Single(row => row.Name == name));

    private static string? OfKernels(OptimizerRow row)
    {
        using var kernels = new TorchKernels(row);
        foreach (string work in new[] { Work.Step, Work.Phase })
        {
            foreach (string contender in new[] { Contenders.Fused, Contenders.Foreach })
            {
                using var arena = new Arena();
                using var tensors = new TorchTensors(_shape);
                ModelOptimizer model = arena.Level2(row, _shape, work, threads: 1);
                ParameterSet set = arena.Set(_shape, work);
                for (int step = 1; step <= Steps; step++)
                {
                    foreach (Parameter parameter in set)
                    {
                        Shape.FillGradients(parameter.Gradients);
                    }

                    tensors.FillGradients();
                    model.Step();
                    kernels.Run(tensors, contender, work, step);
                }

                for (int i = 0; i < set.Count; i++)
                {
                    if (Difference(set[i].Values, TorchTensors.SpanOf(tensors.Parameters[i])) is { } where)
                    {
                        return $"{row.Name} {work}: {contender} disagrees with the library after {Steps} steps at tensor {i}, {where}";
                    }
                }
            }
        }

        return null;
    }

    private static string? OfModules(ModuleRow row)
    {
        (nn.Module mine, Action backwardOfMine) = TorchModel.Mlp.Make();
        (nn.Module others, Action backwardOfOthers) = TorchModel.Mlp.Make();
        using nn.Module first = mine;
        using nn.Module second = others;
        using var library = new ModuleOptimizer(mine, row.Options, new ModelOptimizerOptions { Clip = new ClipByGlobalNorm { MaximumNorm = 0.1 } });
        TorchParameter[] parameters = [.. others.parameters()];
        using optim.Optimizer rival = row.Make(parameters);
        for (int step = 1; step <= Steps; step++)
        {
            backwardOfMine();
            backwardOfOthers();
            library.Step();
            nn.utils.clip_grad_norm_(parameters, 0.1);
            rival.step();
            rival.zero_grad();
        }

        for (int i = 0; i < parameters.Length; i++)
        {
            if (Difference(library.Parameters[i].Values, TorchTensors.SpanOf(parameters[i])) is { } where)
            {
                return $"{row.Name}: {Contenders.TorchSharp} disagrees with the library after {Steps} steps at tensor {i}, {where}";
            }
        }

        return null;
    }

    private static string? Difference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            if (!(MathF.Abs(expected[i] - actual[i]) <= Tolerance))
            {
                return $"element {i}: {actual[i]:R}, expected {expected[i]:R}";
            }
        }

        return null;
    }
}
