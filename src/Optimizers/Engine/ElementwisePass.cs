namespace Optimizers;

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
            ApplyStored<TRule, BFloat16Storage>(rule, job.Rounding(iteration), start, end, widestLane);
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

    private static void ApplyStored<TRule, TStorage>(in TRule rule, in TensorJob job, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
        where TStorage : struct, IStorage
    {
        if (job.Treatment.CoupledDecay != 0)
        {
            TreatedKernel.Run<TRule, CoupledDecay, TStorage>(rule, job.Treatment, job.Addresses, start, end, widestLane);
        }
        else if (job.Treatment.ParameterFactor != 1)
        {
            TreatedKernel.Run<TRule, DecoupledDecay, TStorage>(rule, job.Treatment, job.Addresses, start, end, widestLane);
        }
        else
        {
            TreatedKernel.Run<TRule, NoDecay, TStorage>(rule, job.Treatment, job.Addresses, start, end, widestLane);
        }
    }
}
