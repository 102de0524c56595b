using System.Runtime.Intrinsics;

namespace Optimizers.Engine;

/// <summary>The one loop that runs a rule over a buffer, at the widest lanes of the processor and then narrower ones.</summary>
internal static class Kernel
{
    /// <summary>The number of elements in the widest lane that this processor computes at once.</summary>
    public static int WidestLane =>
        Vector512.IsHardwareAccelerated ? Lane16.Count
        : Vector256.IsHardwareAccelerated ? Lane8.Count
        : Vector128.IsHardwareAccelerated ? Lane4.Count
        : Lane1.Count;

    /// <summary>Updates the elements from <paramref name="start"/> up to <paramref name="end"/>.</summary>
    public static void Run<TRule, TGradient, TWriting, TStorage>(
        in TRule rule, in Treatment treatment, in TensorAddresses tensor, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TWriting : struct, IParameterWriting
        where TStorage : struct, IStorage
    {
        nuint i = start;
        if (widestLane >= Lane16.Count && end - i >= (nuint)Lane16.Count)
        {
            i = Loop<Lane16, TRule, TGradient, TWriting, TStorage>(rule, treatment, tensor, i, end);
        }

        if (widestLane >= Lane8.Count && end - i >= (nuint)Lane8.Count)
        {
            i = Loop<Lane8, TRule, TGradient, TWriting, TStorage>(rule, treatment, tensor, i, end);
        }

        if (widestLane >= Lane4.Count && end - i >= (nuint)Lane4.Count)
        {
            i = Loop<Lane4, TRule, TGradient, TWriting, TStorage>(rule, treatment, tensor, i, end);
        }

        if (i < end)
        {
            Loop<Lane1, TRule, TGradient, TWriting, TStorage>(rule, treatment, tensor, i, end);
        }
    }

    // At least one lane must be left. Copies that nobody else can see, and the test at the end, let the compiler keep the
    // addresses in registers and splat the rule's scalars before the loop: worth 20 % (docs/engine.md). Inlined into its
    // callers, the loop would run into the compiler's budget, and what it should inline would be called.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static unsafe nuint Loop<V, TRule, TGradient, TWriting, TStorage>(
        in TRule ruleOfStep, in Treatment treatmentOfStep, in TensorAddresses addresses, nuint i, nuint end)
        where V : struct, ILane<V>
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TWriting : struct, IParameterWriting
        where TStorage : struct, IStorage
    {
        TRule rule = ruleOfStep;
        Treatment treatment = treatmentOfStep;
        TensorAddresses tensor = addresses;
        nuint count = (nuint)V.Count;
        nuint stop = end - (end - i) % count;
        do
        {
            V gradient = TGradient.Read<V>(tensor.Gradients + i, treatment);
            V parameter = TWriting.Read(tensor.Parameters + i, ref gradient, treatment);
            TRule.Update<V, TStorage>(ref rule, gradient, ref parameter, tensor.Slots, i);
            TWriting.Write(parameter, tensor, i);
            i += count;
        }
        while (i != stop);

        return i;
    }
}
