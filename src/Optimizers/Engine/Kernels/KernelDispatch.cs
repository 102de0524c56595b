namespace Optimizers.Engine;

/// <summary>
/// Picks the loop of a pass from the format of the state and the form of the decay. A rule is compiled into these loops and no
/// others; <see cref="Kernel"/> adds the width of the lanes.
/// </summary>
internal static unsafe class KernelDispatch
{
    /// <summary>Runs a rule that reads gradient, parameter and state, and writes parameter and state.</summary>
    public static void Apply<TRule>(
        in TRule rule, in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
    {
        if (job.Format == StateFormat.BFloat16)
        {
            ApplyRounding(rule, job, transforms, start, end, widestLane);
        }
        else if (job.Format == StateFormat.Block8)
        {
            ApplyBlocks(rule, job, transforms, EveryUpdate.Value, start, end, widestLane);
        }
        else
        {
            ApplyStored<TRule, Flushed<Float32, EveryUpdate>>(rule, job.Addresses, transforms, start, end, widestLane);
        }
    }

    /// <summary>Runs a light rule: one for which a flush of denormal state at every update would cost noticeable time.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="job">The tensor.</param>
    /// <param name="transforms">The operations around the rule.</param>
    /// <param name="isFlush">Whether the state is flushed in this update.</param>
    /// <param name="start">The first element.</param>
    /// <param name="end">The end of the range, exclusive.</param>
    /// <param name="widestLane">The width of the lanes.</param>
    public static void ApplyLight<TRule>(
        in TRule rule, in TensorJob job, in StepTransforms transforms, bool isFlush, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
    {
        if (job.Format == StateFormat.BFloat16)
        {
            ApplyRounding(rule, job, transforms, start, end, widestLane);
        }
        else if (job.Format == StateFormat.Block8)
        {
            ApplyBlocks(rule, job, transforms, isFlush ? EverySixteenthUpdate.Value : 0, start, end, widestLane);
        }
        else if (isFlush)
        {
            ApplyStored<TRule, Flushed<Float32, EverySixteenthUpdate>>(rule, job.Addresses, transforms, start, end, widestLane);
        }
        else
        {
            ApplyStored<TRule, Float32>(rule, job.Addresses, transforms, start, end, widestLane);
        }
    }

    /// <summary>Runs a rule that reads the gradient and does not write its state.</summary>
    public static void ApplyToRead<TRule>(
        in TRule rule, in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
    {
        if (job.Format == StateFormat.BFloat16)
        {
            ApplyStored<TRule, ReadOnlyStorage<BFloat16Storage>>(rule, job.Addresses, transforms, start, end, widestLane);
        }
        else
        {
            ApplyStored<TRule, ReadOnlyStorage<Float32>>(rule, job.Addresses, transforms, start, end, widestLane);
        }
    }

    /// <summary>Runs a rule that no longer needs the gradient and does not write its state.</summary>
    public static void ApplyWithoutGradient<TRule>(
        in TRule rule, in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
    {
        if (job.Format == StateFormat.BFloat16)
        {
            Kernel.Run<TRule, NoGradient, DecoupledDecay, ReadOnlyStorage<BFloat16Storage>>(
                rule, transforms, job.Addresses, start, end, widestLane);
        }
        else
        {
            Kernel.Run<TRule, NoGradient, DecoupledDecay, ReadOnlyStorage<Float32>>(
                rule, transforms, job.Addresses, start, end, widestLane);
        }
    }

    /// <summary>Runs a pass that writes its measurements to scratch and does not write state.</summary>
    public static void Read<TPass>(
        in TPass pass, in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
        where TPass : struct, IUpdateRule<TPass>
    {
        if (job.Format == StateFormat.BFloat16)
        {
            ReadStored<TPass, ReadOnlyStorage<BFloat16Storage>>(pass, job.Addresses, transforms, start, end, widestLane);
        }
        else
        {
            ReadStored<TPass, ReadOnlyStorage<Float32>>(pass, job.Addresses, transforms, start, end, widestLane);
        }
    }

    /// <summary>Runs a pass that writes its measurements to scratch and also writes state.</summary>
    [SkipLocalsInit]
    public static void ReadAndStore<TPass>(
        in TPass pass, in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
        where TPass : struct, IUpdateRule<TPass>
    {
        if (job.Format == StateFormat.BFloat16)
        {
            uint* dither = stackalloc uint[RoundingDither.Room];
            TensorAddresses rounding = job.Addresses;
            AddDither(ref rounding.Slots, job.Group.IterationOf(job.Rule), TPass.SlotCount, dither);
            ReadStored<TPass, BFloat16Storage>(pass, rounding, transforms, start, end, widestLane);
        }
        else
        {
            ReadStored<TPass, Flushed<Float32, EveryUpdate>>(pass, job.Addresses, transforms, start, end, widestLane);
        }
    }

    // In a separate method, because the copy of the addresses would enlarge the stack frames of all other steps, which are cleared.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ApplyRounding<TRule>(
        in TRule rule, in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
    {
        uint* dither = stackalloc uint[RoundingDither.Room];
        TensorAddresses rounding = job.Addresses;
        AddDither(ref rounding.Slots, job.Group.IterationOf(job.Rule), TRule.SlotCount, dither);
        ApplyStored<TRule, BFloat16Storage>(rule, rounding, transforms, start, end, widestLane);
    }

    // State in blocks needs few loops: a product with 1 costs nothing next to decoding, and zeroing is done after the loop.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ApplyBlocks<TRule>(
        in TRule rule, in TensorJob job, in StepTransforms transforms, float flushBelow, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
    {
        TensorAddresses tensor = job.Addresses;
        for (int slot = 0; slot < TRule.SlotCount; slot++)
        {
            tensor.Slots[slot].Scratch->FlushBelow = flushBelow;
        }

        if (transforms.Decay.Coupled != 0)
        {
            Kernel.RunBlocks<TRule, ScaledGradient, CoupledDecay, BlockStorage>(rule, transforms, tensor, start, end, widestLane);
        }
        else
        {
            Kernel.RunBlocks<TRule, ScaledGradient, DecoupledDecay, BlockStorage>(rule, transforms, tensor, start, end, widestLane);
        }

        if (transforms.ZeroGradient)
        {
            new Span<float>(tensor.Gradients + start, (int)(end - start)).Clear();
        }
    }

    // An option is a type argument if a multiplication by 1 or a separate pass would cost noticeable time (docs/engine.md).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ApplyStored<TRule, TStorage>(
        in TRule rule, in TensorAddresses tensor, in StepTransforms transforms, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
        where TStorage : struct, IStorage
    {
        if (transforms.LeaveGradient)
        {
            if (transforms.Decay.Factor == 1)
            {
                Kernel.Run<TRule, PlainGradient, PlainParameter, TStorage>(rule, transforms, tensor, start, end, widestLane);
            }
            else
            {
                Kernel.Run<TRule, PlainGradient, DecoupledDecay, TStorage>(rule, transforms, tensor, start, end, widestLane);
            }
        }
        else if (transforms.Decay.Coupled != 0)
        {
            if (transforms.ZeroGradient)
            {
                Kernel.Run<TRule, ZeroedGradient, CoupledDecay, TStorage>(rule, transforms, tensor, start, end, widestLane);
            }
            else
            {
                Kernel.Run<TRule, ScaledGradient, CoupledDecay, TStorage>(rule, transforms, tensor, start, end, widestLane);
            }
        }
        else if (transforms.ZeroGradient)
        {
            Kernel.Run<TRule, ZeroedGradient, DecoupledDecay, TStorage>(rule, transforms, tensor, start, end, widestLane);
        }
        else
        {
            Kernel.Run<TRule, ScaledGradient, DecoupledDecay, TStorage>(rule, transforms, tensor, start, end, widestLane);
        }
    }

    private static void ReadStored<TPass, TStorage>(
        in TPass pass, in TensorAddresses tensor, in StepTransforms transforms, nuint start, nuint end, int widestLane)
        where TPass : struct, IUpdateRule<TPass>
        where TStorage : struct, IStorage
    {
        if (transforms.Decay.Coupled != 0)
        {
            Kernel.Run<TPass, ScaledGradient, ReadOnlyCoupledDecay, TStorage>(pass, transforms, tensor, start, end, widestLane);
        }
        else
        {
            Kernel.Run<TPass, ScaledGradient, ReadOnlyParameter, TStorage>(pass, transforms, tensor, start, end, widestLane);
        }
    }

    private static void AddDither(ref SlotAddresses slots, long iteration, int count, uint* memory)
    {
        for (int slot = 0; slot < count; slot++, memory += Lane16.Count)
        {
            var dither = RoundingDither.For(iteration, slot);
            dither.WriteFirst(memory);
            slots[slot].FirstDither = memory;
            slots.DitherSlope = dither.Slope;
        }
    }
}
