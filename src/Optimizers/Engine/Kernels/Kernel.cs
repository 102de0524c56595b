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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TRule, TGradient, TParameter, TStorage>(
        in TRule rule, in StepTransforms transforms, in TensorAddresses tensor, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TParameter : struct, IParameterAccess
        where TStorage : struct, IStorage
    {
        // One width serves a buffer that fills a lane, and the narrowest a shorter one. A width that the processor does not compute at
        // once is not compiled: the tests of the vectors are constants to the compiler. Lanes of one element are for processors without
        // vectors, and all lanes but two are left out of a native program: only tests ask for them.
        nuint lane = end - start >= (nuint)widestLane ? (nuint)widestLane : (nuint)Math.Min(widestLane, Lane4.Count);
        nuint stop = end - ((end - start) & (lane - 1));
        if (stop != start)
        {
            if (Vector512.IsHardwareAccelerated && lane == (nuint)Lane16.Count)
            {
                Loop<Lane16, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, stop);
            }
            else if (MayUseEight && lane == (nuint)Lane8.Count)
            {
                Loop<Lane8, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, stop);
            }
            else if (lane == (nuint)Lane4.Count || !RuntimeFeature.IsDynamicCodeSupported)
            {
                Loop<Lane4, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, stop);
            }
            else
            {
                Loop<Lane1, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, stop);
            }
        }

        // Not in the loop's method: behind a call, the compiler would splat the rule's scalars in every round.
        if (stop != end)
        {
            RunRest<TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, end, lane);
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

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunRest<TRule, TGradient, TParameter, TStorage>(
        in TRule rule, in StepTransforms transforms, in TensorAddresses tensor, nuint start, nuint end, nuint lane)
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TParameter : struct, IParameterAccess
        where TStorage : struct, IStorage
    {
        if (Vector512.IsHardwareAccelerated && lane == (nuint)Lane16.Count)
        {
            RunRestOf<Lane16, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, end);
        }
        else if (MayUseEight && lane == (nuint)Lane8.Count)
        {
            RunRestOf<Lane8, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, end);
        }
        else
        {
            RunRestOf<Lane4, TRule, TGradient, TParameter, TStorage>(rule, transforms, tensor, start, end);
        }
    }

    // Fewer elements than a lane has: they are computed in a copy on the stack, beside the elements before them, or beside zeros where
    // there are none.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RunRestOf<V, TRule, TGradient, TParameter, TStorage>(
        in TRule rule, in StepTransforms transforms, in TensorAddresses tensor, nuint start, nuint end)
        where V : struct, ILane<V>
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TParameter : struct, IParameterAccess
        where TStorage : struct, IStorage
    {
        nuint rest = (end - start) % (nuint)V.Count;
        nuint first = end - start > rest ? end - (nuint)V.Count : start;
        nuint given = end - first;
        float* copy = stackalloc float[(5 + SlotAddresses.Count) * V.Count];
        Unsafe.SkipInit(out TensorAddresses copies);
        copies.Slots.DitherSlope = tensor.Slots.DitherSlope;
        copies.Slots.First = null;
        copies.Slots.Second = null;
        copies.Slots.Between = null;
        copies.Slots.Workspace = null;
        copies.Parameters = Read<V>(tensor.Parameters + first, ref copy, given) - first;
        if (TGradient.Reads)
        {
            copies.Gradients = Read<V>(tensor.Gradients + first, ref copy, given) - first;
        }

        ReadSlot<V, TRule, TStorage>(0, tensor.Slots.Slot0, ref copies.Slots.Slot0, ref copy, first, given);
        ReadSlot<V, TRule, TStorage>(1, tensor.Slots.Slot1, ref copies.Slots.Slot1, ref copy, first, given);
        ReadSlot<V, TRule, TStorage>(2, tensor.Slots.Slot2, ref copies.Slots.Slot2, ref copy, first, given);
        ReadSlot<V, TRule, TStorage>(3, tensor.Slots.Slot3, ref copies.Slots.Slot3, ref copy, first, given);

        // The results of a pass that measures.
        if (tensor.Slots.First != null)
        {
            copies.Slots.First = Take<V>(ref copy) - first;
        }

        if (tensor.Slots.Second != null)
        {
            copies.Slots.Second = Take<V>(ref copy) - first;
        }

        if (tensor.Slots.Between != null)
        {
            copies.Slots.Between = Read<V>(tensor.Slots.Between + first, ref copy, given) - first;
        }

        Loop<V, TRule, TGradient, TParameter, TStorage>(rule, transforms, copies, first, first + (nuint)V.Count);
        first = end - rest;
        if (TParameter.Writes)
        {
            Write(copies.Parameters, tensor.Parameters, first, rest);
        }

        if (TGradient.Zeroes)
        {
            Write(copies.Gradients, tensor.Gradients, first, rest);
        }

        WriteSlot<TRule, TStorage>(0, copies.Slots.Slot0, tensor.Slots.Slot0, first, rest);
        WriteSlot<TRule, TStorage>(1, copies.Slots.Slot1, tensor.Slots.Slot1, first, rest);
        WriteSlot<TRule, TStorage>(2, copies.Slots.Slot2, tensor.Slots.Slot2, first, rest);
        WriteSlot<TRule, TStorage>(3, copies.Slots.Slot3, tensor.Slots.Slot3, first, rest);
        if (tensor.Slots.First != null)
        {
            Write(copies.Slots.First, tensor.Slots.First, first, rest);
        }

        if (tensor.Slots.Second != null)
        {
            Write(copies.Slots.Second, tensor.Slots.Second, first, rest);
        }

        if (tensor.Slots.Between != null)
        {
            Write(copies.Slots.Between, tensor.Slots.Between, first, rest);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReadSlot<V, TRule, TStorage>(
        int number, in SlotAddress slot, ref SlotAddress copied, ref float* copy, nuint first, nuint count)
        where V : struct, ILane<V>
        where TRule : struct, IUpdateRule<TRule>
        where TStorage : struct, IStorage
    {
        if (number < TRule.SlotCount)
        {
            copied.FirstDither = slot.FirstDither;
            copied.Elements = TStorage.ElementSize == sizeof(float)
                ? Read<V>((float*)slot.Elements + first, ref copy, count) - first
                : Read<V>((ushort*)slot.Elements + first, ref copy, count) - first;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteSlot<TRule, TStorage>(int number, in SlotAddress copied, in SlotAddress slot, nuint first, nuint count)
        where TRule : struct, IUpdateRule<TRule>
        where TStorage : struct, IStorage
    {
        if (number < TRule.SlotCount && !TStorage.IsReadOnly)
        {
            if (TStorage.ElementSize == sizeof(float))
            {
                Write((float*)copied.Elements, (float*)slot.Elements, first, count);
            }
            else
            {
                Write((ushort*)copied.Elements, (ushort*)slot.Elements, first, count);
            }
        }
    }

    // A whole lane is stored as it will be loaded, or the load would wait for the store.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Read<V>(float* source, ref float* copy, nuint count)
        where V : struct, ILane<V>
    {
        float* taken = Take<V>(ref copy);
        V.Store(count == (nuint)V.Count ? V.Load(source) : V.Splat(0), taken);
        for (nuint i = 0; i < count && count != (nuint)V.Count; i++)
        {
            taken[i] = source[i];
        }

        return taken;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort* Read<V>(ushort* source, ref float* copy, nuint count)
        where V : struct, ILane<V>
    {
        ushort* taken = (ushort*)Take<V>(ref copy);
        V.StoreUpperBits(count == (nuint)V.Count ? V.LoadUpperBits(source) : V.Splat(0), taken);
        for (nuint i = 0; i < count && count != (nuint)V.Count; i++)
        {
            taken[i] = source[i];
        }

        return taken;
    }

    // In halves, and not one by one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(float* copy, float* destination, nuint first, nuint count)
    {
        if ((count & 8) != 0)
        {
            Vector256.Load(copy + first).Store(destination + first);
            first += 8;
        }

        if ((count & 4) != 0)
        {
            Vector128.Load(copy + first).Store(destination + first);
            first += 4;
        }

        for (count &= 3; count > 0; count--, first++)
        {
            destination[first] = copy[first];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(ushort* copy, ushort* destination, nuint first, nuint count)
    {
        if ((count & 8) != 0)
        {
            Vector128.Load(copy + first).Store(destination + first);
            first += 8;
        }

        for (count &= 7; count > 0; count--, first++)
        {
            destination[first] = copy[first];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Take<V>(ref float* copy)
        where V : struct, ILane<V>
    {
        float* taken = copy;
        copy += V.Count;
        return taken;
    }
}
