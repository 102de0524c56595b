namespace Optimizers.Engine;

/// <summary>
/// The pass that reads gradient, parameter and state, and writes parameter and state: with the decay that the group asks
/// for, and a flush of the state when it is time.
/// </summary>
internal static class ElementwisePass
{
    public static void Apply<TRule>(
        in TRule rule, in TensorJob job, long iteration, int flushInterval, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
    {
        if (job.Format == StateFormat.BFloat16)
        {
            ApplyRounding(rule, job, iteration, start, end, widestLane);
        }
        else if ((iteration & (flushInterval - 1)) != 0)
        {
            ApplyStored<TRule, Float32>(rule, job, start, end, widestLane);
        }
        else if (flushInterval == 1)
        {
            ApplyStored<TRule, Flushed<Float32, EveryUpdate>>(rule, job, start, end, widestLane);
        }
        else
        {
            ApplyStored<TRule, Flushed<Float32, EverySixteenthUpdate>>(rule, job, start, end, widestLane);
        }
    }

    // The copy of the job would make the frames of all other steps larger, and they are cleared.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe void ApplyRounding<TRule>(
        in TRule rule, in TensorJob job, long iteration, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
    {
        uint* chances = stackalloc uint[Chance.Room];
        ApplyStored<TRule, BFloat16Storage>(rule, job.Rounding(iteration, TRule.SlotCount, chances), start, end, widestLane);
    }

    public static void ApplyStored<TRule, TStorage>(in TRule rule, in TensorJob job, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
        where TStorage : struct, IStorage
    {
        // The group's treatment by reference, where the tensor has no clip factor of its own: a small step notices the copy.
        if (job.ClipFactor == 1)
        {
            ApplyTreated<TRule, TStorage>(rule, job.Group.Treatment, job.Addresses, start, end, widestLane);
        }
        else
        {
            ApplyTreated<TRule, TStorage>(rule, job.Treatment, job.Addresses, start, end, widestLane);
        }
    }

    private static void ApplyTreated<TRule, TStorage>(
        in TRule rule, in Treatment treatment, in TensorAddresses tensor, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
        where TStorage : struct, IStorage
    {
        if (treatment.CoupledDecay != 0)
        {
            TreatedKernel.Run<TRule, CoupledDecay, TStorage>(rule, treatment, tensor, start, end, widestLane);
        }
        else if (treatment.ParameterFactor != 1)
        {
            TreatedKernel.Run<TRule, DecoupledDecay, TStorage>(rule, treatment, tensor, start, end, widestLane);
        }
        else
        {
            TreatedKernel.Run<TRule, NoDecay, TStorage>(rule, treatment, tensor, start, end, widestLane);
        }
    }
}
