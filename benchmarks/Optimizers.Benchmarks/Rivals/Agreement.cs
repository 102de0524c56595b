using Optimizers.Engine;
using Optimizers.Schedules;

namespace Optimizers.Benchmarks;

/// <summary>
/// Checks before the timing that every rival computes the same values as the library. C must have the same bits with any number of
/// threads. The other rivals add in a different order, so they must agree to a few decimal places.
/// </summary>
internal static unsafe class Agreement
{
    private const int Steps = 33;
    private const float Tolerance = 1e-4f;

    // Tensors of whole blocks, with an incomplete block, and shorter than a vector; large enough for three threads.
    private static readonly Shape _shape = Shape.Of(12_325, 7, 4_096, 100);

    /// <summary>Returns the same for the optimizer with a name. Null if the catalogue has none with this name.</summary>
    public static string? Disagreement(string name, NativeKernels? native) =>
        Catalogue.Rows.SingleOrDefault(row => row.Name == name) is { } row ? Disagreement(row, native) : null;

    /// <summary>Returns a message about the first difference between a rival and the library, or null if there is none.</summary>
    public static string? Disagreement(OptimizerRow row, NativeKernels? native)
    {
        using var arena = new Arena();
        ModelOptimizer library = arena.Level2(row, _shape, Contenders.Level2, threads: 1);
        ParameterSet set = arena.Set(_shape, Contenders.Level2);
        NativeTensor[] expected = arena.Tensors(row, _shape, Contenders.Level2, threads: 1);
        Rival[] rivals = [.. RivalsOf(row, native, arena)];
        var random = new Random(1);
        for (int step = 1; step <= Steps; step++)
        {
            FillGradients(set, random);
            foreach (Rival rival in rivals)
            {
                Copy(expected, rival.Tensors);
            }

            library.Step();
            foreach (Rival rival in rivals)
            {
                rival.Step(row.ScalarsAt(step));
                if (rival.Disagreement(expected) is { } where)
                {
                    return $"{row.Name}: {rival.Name} disagrees with the library after {step} steps at {where}";
                }
            }
        }

        return null;
    }

    private static IEnumerable<Rival> RivalsOf(OptimizerRow row, NativeKernels? native, Arena arena)
    {
        Rival Of(string name, Action<NativeTensor[], KernelScalars> step, bool exact = false)
        {
            NativeTensor[] tensors = arena.Tensors(row, _shape, name, threads: 1);
            return new Rival(name, tensors, scalars => step(tensors, scalars), exact);
        }

        Rival OfLoop(string name, Loop loop) => Of(name, (tensors, scalars) =>
        {
            foreach (ref NativeTensor tensor in tensors.AsSpan())
            {
                loop(tensor, scalars);
            }
        });

        if (native is not null && row.Kernel is not null)
        {
            NativeKernels.Kernel kernel = native[row.Kernel];
            yield return Of($"the C kernel {row.Kernel}", (tensors, scalars) => kernel(tensors, scalars, 1), exact: true);
            yield return Of(
                $"the C kernel {row.Kernel} with 3 threads",
                (tensors, scalars) =>
                {
                    native.BeginTeam(3);
                    kernel(tensors, scalars, 3);
                    native.EndTeam();
                },
                exact: true);
        }

        if (row.Composition is { } composition)
        {
            yield return OfLoop(
                Contenders.TensorPrimitives,
                (in NativeTensor tensor, in KernelScalars scalars) =>
                    composition(tensor, scalars, arena.Scratch((int)tensor.Length)));
        }

        if (row.Scalar is { } scalar)
        {
            yield return OfLoop("the scalar loop", scalar);
        }

        if (row.ByHand is { } byHand)
        {
            yield return OfLoop("the Vector512 loop", byHand);
        }
    }

    // The gradients contain zeros, and elements so small that the state is flushed.
    private static void FillGradients(ParameterSet set, Random random)
    {
        foreach (Parameter parameter in set)
        {
            Span<float> gradients = parameter.Gradients;
            for (int i = 0; i < gradients.Length; i++)
            {
                float scale = (i % 7) switch { 0 => 1e-36f, 3 => 0, _ => 1 };
                gradients[i] = scale * (random.NextSingle() - 0.5f);
            }
        }
    }

    // Rivals start each step from the numbers of the library, so that rounding differences do not accumulate over the steps.
    private static void Copy(NativeTensor[] source, NativeTensor[] target)
    {
        for (int i = 0; i < source.Length; i++)
        {
            source[i].ParameterSpan.CopyTo(target[i].ParameterSpan);
            source[i].GradientSpan.CopyTo(target[i].GradientSpan);
            if (source[i].First != null)
            {
                source[i].FirstSpan.CopyTo(target[i].FirstSpan);
            }

            if (source[i].Second != null)
            {
                source[i].SecondSpan.CopyTo(target[i].SecondSpan);
            }
        }
    }

    private sealed record Rival(string Name, NativeTensor[] Tensors, Action<KernelScalars> Step, bool Exact)
    {
        public string? Disagreement(NativeTensor[] expected)
        {
            for (int i = 0; i < expected.Length; i++)
            {
                string? where =
                    Disagreement("parameter", expected[i].ParameterSpan, Tensors[i].ParameterSpan)
                    ?? (expected[i].First == null ? null : Disagreement("first slot", expected[i].FirstSpan, Tensors[i].FirstSpan))
                    ?? (expected[i].Second == null ? null : Disagreement("second slot", expected[i].SecondSpan, Tensors[i].SecondSpan));
                if (where is not null)
                {
                    return $"tensor {i}, {where}";
                }
            }

            return null;
        }

        private string? Disagreement(string name, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
        {
            for (int i = 0; i < expected.Length; i++)
            {
                bool agrees = Exact
                    ? BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i])
                    : MathF.Abs(expected[i] - actual[i]) <= Tolerance;
                if (!agrees)
                {
                    return $"element {i}: {name} {actual[i]:R}, expected {expected[i]:R}";
                }
            }

            return null;
        }
    }
}
