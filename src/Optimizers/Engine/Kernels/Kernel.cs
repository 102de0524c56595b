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
        // A width that the processor does not compute at once is not compiled: the tests of the vectors are constants to the compiler.
        // Lanes of one element are for processors without vectors, and all lanes but two are left out of a native program: only tests
        // ask for them.
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
                // This loop is compiled only if a rest comes, and saves 8 ns of the 12 that a copy on the stack takes (docs/engine.md).
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

        // The narrowest lanes serve short buffers, and what the wider ones leave.
        if (i != end)
        {
            Loop<Lane4, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, i, end);
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

    // At least one lane must be left, and no rest. Copies that nothing else can see, and the test at the end, let the compiler keep the
    // addresses in registers and splat the rule's scalars before the loop: worth 20 % (docs/engine.md). Inlined into its callers, the
    // loop would run into the compiler's budget, and lane operations would become calls.
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

    // One to three elements: they are computed in a lane on the stack, beside the elements before them, or beside zeros where there are
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

        // The results of a pass that measures.
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

    // A whole lane is stored as it will be loaded, or the load would wait for the store.
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
