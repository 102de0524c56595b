using System.Runtime.Intrinsics;

namespace Optimizers.Engine;

/// <summary>The one loop that runs a rule over a buffer, with the widest lanes of the processor.</summary>
internal static unsafe class Kernel
{
    /// <summary>The number of elements in the widest lane that this processor supports in hardware.</summary>
    public static int WidestLane =>
        Vector512.IsHardwareAccelerated ? Lane16.Count
        : Vector256.IsHardwareAccelerated ? Lane8.Count
        : Vector128.IsHardwareAccelerated || !RuntimeFeature.IsDynamicCodeSupported ? Lane4.Count
        : Lane1.Count;

    private static bool MayUseEight
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.IsHardwareAccelerated && (!Vector512.IsHardwareAccelerated || RuntimeFeature.IsDynamicCodeSupported);
    }

    /// <summary>Updates the elements from <paramref name="start"/> up to <paramref name="end"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Run<TRule, TGradient, TParameter, TStorage>(
        in TRule rule, in StepTransforms transforms, in TensorAddresses tensor, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TParameter : struct, IParameterAccess
        where TStorage : struct, IStorage
    {
        // A width without hardware support is not compiled, because the vector tests are constants for the compiler. Lanes of one element
        // are for processors without vectors. A native program contains only two kinds of lanes, because only
        // tests would use the others there.
        if (widestLane == Lane1.Count && RuntimeFeature.IsDynamicCodeSupported)
        {
            if (start != end)
            {
                Loop<Lane1, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, end);
            }

            return;
        }

        nuint rest = (end - start) % (nuint)Lane4.Count;
        if (rest != 0)
        {
            end -= rest;
            if (RuntimeFeature.IsDynamicCodeSupported)
            {
                // The last one to three elements, one at a time. This is 8 ns faster than a copy on the stack, which takes 12 ns
                // (docs/engine.md). The loop is compiled only when a buffer needs it.
                Loop<Lane1, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, end, end + rest);
            }
            else
            {
                RunRest<TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, end, end + rest);
            }
        }

        nuint i = start;
        if (Vector512.IsHardwareAccelerated && widestLane == Lane16.Count && end - i >= (nuint)Lane16.Count)
        {
            nuint stop = end - ((end - i) % (nuint)Lane16.Count);
            Loop<Lane16, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, i, stop);
            i = stop;
        }
        else if (MayUseEight && widestLane == Lane8.Count && end - i >= (nuint)Lane8.Count)
        {
            nuint stop = end - ((end - i) % (nuint)Lane8.Count);
            Loop<Lane8, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, i, stop);
            i = stop;
        }

        // Lanes of four elements process short buffers, and the elements that are too few for a wider lane.
        if (i != end)
        {
            Loop<Lane4, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, i, end);
        }
    }

    /// <summary>
    /// Updates the elements from <paramref name="start"/> up to <paramref name="end"/>. Their number is a multiple of every lane's width,
    /// so a native program has only the loop with the widest lanes.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void RunBlocks<TRule, TGradient, TParameter, TStorage>(
        in TRule rule, in StepTransforms transforms, in TensorAddresses tensor, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TParameter : struct, IParameterAccess
        where TStorage : struct, IStorage
    {
        if (Vector512.IsHardwareAccelerated && widestLane == Lane16.Count)
        {
            Loop<Lane16, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, end);
        }
        else if (MayUseEight && widestLane == Lane8.Count)
        {
            Loop<Lane8, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, end);
        }
        else if (RuntimeFeature.IsDynamicCodeSupported)
        {
            if (widestLane == Lane1.Count)
            {
                Loop<Lane1, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, end);
            }
            else
            {
                Loop<Lane4, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, end);
            }
        }
        else if (!Vector256.IsHardwareAccelerated)
        {
            Loop<Lane4, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, end);
        }
        else
        {
            throw new System.Diagnostics.UnreachableException($"A native program has no lanes of {widestLane}.");
        }
    }

    /// <summary>
    /// The body of the loop: reads one lane of gradients, parameters and state, applies the decay and the rule, and writes. The type of
    /// its index is one that a compiler for another device also accepts.
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

    // The range must contain at least one lane, and no rest. The local copies are invisible to other code, and the test is at the end, so
    // the compiler keeps the addresses in registers and splats the rule's scalars before the loop. This saves 20 % (docs/engine.md).
    // If the loop were inlined into its callers, it would exceed the compiler's budget, and lane operations would become calls.
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

    // Computes one to three elements in a lane on the stack, together with the elements before them, or with zeros if there are
    // none.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunRest<TRule, TGradient, TParameter, TStorage>(
        in TRule rule, in StepTransforms transforms, in TensorAddresses tensor, nuint start, nuint rest, nuint end)
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TParameter : struct, IParameterAccess
        where TStorage : struct, IStorage
    {
        nuint first = end - start < (nuint)Lane4.Count ? start : end - (nuint)Lane4.Count;
        float* copy = stackalloc float[(5 + SlotAddresses.Count) * Lane4.Count];
        Unsafe.SkipInit(out TensorAddresses copies);
        copies.Slots.DitherSlope = tensor.Slots.DitherSlope;
        copies.Slots.First = null;
        copies.Slots.Second = null;
        copies.Slots.Between = null;
        copies.Parameters = Read(tensor.Parameters, ref copy, first, end);
        if (TGradient.Reads)
        {
            copies.Gradients = Read(tensor.Gradients, ref copy, first, end);
        }

        ReadSlot<TRule, TStorage>(0, tensor.Slots.Slot0, ref copies.Slots.Slot0, ref copy, first, end);
        ReadSlot<TRule, TStorage>(1, tensor.Slots.Slot1, ref copies.Slots.Slot1, ref copy, first, end);
        ReadSlot<TRule, TStorage>(2, tensor.Slots.Slot2, ref copies.Slots.Slot2, ref copy, first, end);
        ReadSlot<TRule, TStorage>(3, tensor.Slots.Slot3, ref copies.Slots.Slot3, ref copy, first, end);

        // The results of a measuring pass.
        if (tensor.Slots.First != null)
        {
            copies.Slots.First = Take(ref copy) - first;
        }

        if (tensor.Slots.Second != null)
        {
            copies.Slots.Second = Take(ref copy) - first;
        }

        if (tensor.Slots.Between != null)
        {
            copies.Slots.Between = Read(tensor.Slots.Between, ref copy, first, end);
        }

        Loop<Lane4, TRule, TGradient, TParameter, TStorage>(rule, transforms, copies, first, first + (nuint)Lane4.Count);
        if (TParameter.Writes)
        {
            Write(copies.Parameters, tensor.Parameters, rest, end);
        }

        if (TGradient.Zeroes)
        {
            Write(copies.Gradients, tensor.Gradients, rest, end);
        }

        WriteSlot<TRule, TStorage>(0, copies.Slots.Slot0, tensor.Slots.Slot0, rest, end);
        WriteSlot<TRule, TStorage>(1, copies.Slots.Slot1, tensor.Slots.Slot1, rest, end);
        WriteSlot<TRule, TStorage>(2, copies.Slots.Slot2, tensor.Slots.Slot2, rest, end);
        WriteSlot<TRule, TStorage>(3, copies.Slots.Slot3, tensor.Slots.Slot3, rest, end);
        if (tensor.Slots.First != null)
        {
            Write(copies.Slots.First, tensor.Slots.First, rest, end);
        }

        if (tensor.Slots.Second != null)
        {
            Write(copies.Slots.Second, tensor.Slots.Second, rest, end);
        }

        if (tensor.Slots.Between != null)
        {
            Write(copies.Slots.Between, tensor.Slots.Between, rest, end);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReadSlot<TRule, TStorage>(
        int number, in SlotAddress slot, ref SlotAddress copied, ref float* copy, nuint first, nuint end)
        where TRule : struct, IUpdateRule<TRule>
        where TStorage : struct, IStorage
    {
        if (number < TRule.SlotCount)
        {
            copied.FirstDither = slot.FirstDither;
            copied.Elements = TStorage.ElementSize == sizeof(float)
                ? Read((float*)slot.Elements, ref copy, first, end)
                : Read((ushort*)slot.Elements, ref copy, first, end);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteSlot<TRule, TStorage>(int number, in SlotAddress copied, in SlotAddress slot, nuint rest, nuint end)
        where TRule : struct, IUpdateRule<TRule>
        where TStorage : struct, IStorage
    {
        if (number < TRule.SlotCount && !TStorage.IsReadOnly)
        {
            if (TStorage.ElementSize == sizeof(float))
            {
                Write((float*)copied.Elements, (float*)slot.Elements, rest, end);
            }
            else
            {
                Write((ushort*)copied.Elements, (ushort*)slot.Elements, rest, end);
            }
        }
    }

    // The whole lane is stored in the same width in which it will be loaded; otherwise the load would wait for the store.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T* Read<T>(T* source, ref float* copy, nuint first, nuint end)
        where T : unmanaged
    {
        var taken = (T*)Take(ref copy);
        if (end - first == (nuint)Lane4.Count)
        {
            Unsafe.CopyBlockUnaligned(taken, source + first, (uint)(Lane4.Count * sizeof(T)));
        }
        else
        {
            for (nuint i = 0; i < (nuint)Lane4.Count; i++)
            {
                taken[i] = i < end - first ? source[first + i] : default;
            }
        }

        return taken - first;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<T>(T* copy, T* destination, nuint rest, nuint end)
        where T : unmanaged
    {
        for (nuint i = rest; i < end; i++)
        {
            destination[i] = copy[i];
        }
    }

    private static float* Take(ref float* copy)
    {
        float* taken = copy;
        copy += Lane4.Count;
        return taken;
    }
}
