using System.Runtime.Intrinsics;

namespace Optimizers.Engine;

/// <summary>The one loop that runs a rule over a buffer, in the widest lanes that the processor has.</summary>
internal static unsafe class Kernel
{
    /// <summary>The number of elements in the widest lane that this processor computes at once.</summary>
    public static int WidestLane =>
        Vector512.IsHardwareAccelerated ? Lane16.Count
        : Vector256.IsHardwareAccelerated ? Lane8.Count
        : Vector128.IsHardwareAccelerated || !RuntimeFeature.IsDynamicCodeSupported ? Lane4.Count
        : Lane1.Count;

    /// <summary>Updates the elements from <paramref name="start"/> up to <paramref name="end"/>.</summary>
    public static void Run<TRule, TGradient, TParameter, TStorage>(
        in TRule rule, in StepTransforms transforms, in TensorAddresses tensor, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TParameter : struct, IParameterAccess
        where TStorage : struct, IStorage
    {
        nuint rest = (end - start) & ((nuint)widestLane - 1);
        nuint whole = end - rest;
        if (whole != start)
        {
            // A width that the processor does not compute at once is not compiled: these tests are constants to the compiler. Lanes of
            // one element are for the tests and for processors without vectors.
            if (Vector512.IsHardwareAccelerated && widestLane == Lane16.Count)
            {
                Loop<Lane16, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, whole);
            }
            else if (Vector256.IsHardwareAccelerated && widestLane >= Lane8.Count)
            {
                Loop<Lane8, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, whole);
            }
            else if (widestLane >= Lane4.Count || !RuntimeFeature.IsDynamicCodeSupported)
            {
                Loop<Lane4, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, whole);
            }
            else
            {
                Loop<Lane1, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, whole);
            }
        }

        if (rest != 0)
        {
            RunRest<TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, whole, end, widestLane);
        }
    }

    /// <summary>
    /// The body of the loop: reads one lane of gradients, parameters and state, decays, applies the rule, and writes. Its index has a
    /// type that a compiler for another device accepts too.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<V, TRule, TGradient, TParameter, TStorage>(
        ref TRule rule, in StepTransforms transforms, in TensorAddresses tensor, long index)
        where V : struct, ILane<V>
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TParameter : struct, IParameterAccess
        where TStorage : struct, IStorage
    {
        V gradient = TGradient.Read<V>(tensor.Gradients + index, transforms);
        V parameter = TParameter.Read(tensor.Parameters + index, ref gradient, transforms);
        TRule.Update<V, TStorage>(ref rule, gradient, ref parameter, tensor.Slots, index);
        if (TParameter.Writes)
        {
            V.Store(parameter, tensor.Parameters + index);
        }
    }

    // At least one lane must be left. Copies that nothing else can see, and the test at the end, let the compiler keep the
    // addresses in registers and splat the rule's scalars before the loop: worth 20 % (docs/engine.md). Inlined into its
    // callers, the loop would run into the compiler's budget, and lane operations would become calls.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Loop<V, TRule, TGradient, TParameter, TStorage>(
        in TRule ruleOfStep, in StepTransforms transformsOfStep, in TensorAddresses addresses, nuint i, nuint end)
        where V : struct, ILane<V>
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TParameter : struct, IParameterAccess
        where TStorage : struct, IStorage
    {
        TRule rule = ruleOfStep;
        StepTransforms transforms = transformsOfStep;
        TensorAddresses tensor = addresses;
        do
        {
            Update<V, TRule, TGradient, TParameter, TStorage>(ref rule, transforms, tensor, (long)i);
            i += (nuint)V.Count;
        }
        while (i != end);
    }

    // Fewer elements than a lane has: they are computed in a block on the stack, beside zeros.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunRest<TRule, TGradient, TParameter, TStorage>(
        in TRule rule, in StepTransforms transforms, in TensorAddresses tensor, nuint start, nuint end, int lane)
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TParameter : struct, IParameterAccess
        where TStorage : struct, IStorage
    {
        nuint count = end - start;
        float* parameters = stackalloc float[(2 + SlotAddresses.Count) * Lane16.Count];
        float* gradients = parameters + Lane16.Count;
        float* slots = gradients + Lane16.Count;
        TensorAddresses block = tensor;
        CopyIn(tensor.Parameters + start, parameters, count);
        block.Parameters = parameters - start;
        if (TGradient.Reads)
        {
            CopyIn(tensor.Gradients + start, gradients, count);
            block.Gradients = gradients - start;
        }

        nuint size = (nuint)TStorage.ElementSize;
        for (int i = 0; i < TRule.SlotCount; i++)
        {
            byte* copy = (byte*)(slots + (i * Lane16.Count));
            new Span<byte>(copy, Lane16.Count * sizeof(float)).Clear();
            byte* elements = (byte*)tensor.Slots[i].Elements;
            Unsafe.CopyBlockUnaligned(copy, elements + (start * size), (uint)(count * size));
            block.Slots[i].Elements = copy - (start * size);
        }

        Run<TRule, TGradient, TParameter, TStorage>(rule, transforms, block, start, start + (nuint)lane, lane);
        if (TParameter.Writes)
        {
            Unsafe.CopyBlockUnaligned(tensor.Parameters + start, parameters, (uint)(count * sizeof(float)));
        }

        for (int i = 0; i < TRule.SlotCount && !TStorage.IsReadOnly; i++)
        {
            byte* elements = (byte*)tensor.Slots[i].Elements;
            Unsafe.CopyBlockUnaligned(elements + (start * size), slots + (i * Lane16.Count), (uint)(count * size));
        }
    }

    private static void CopyIn(float* source, float* block, nuint count)
    {
        new Span<float>(block, Lane16.Count).Clear();
        Unsafe.CopyBlockUnaligned(block, source, (uint)(count * sizeof(float)));
    }
}
