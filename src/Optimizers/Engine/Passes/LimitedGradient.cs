namespace Optimizers.Engine;

/// <summary>Gradients that are clipped element by element, in scratch: the buffer of the user keeps its own.</summary>
internal static unsafe class LimitedGradient
{
    /// <summary>Has a pass over a piece of a tensor read limited gradients, if they are to be limited.</summary>
    /// <param name="job">The tensor.</param>
    /// <param name="transforms">What happens around the rule.</param>
    /// <param name="scratch">Room for the piece.</param>
    /// <param name="start">The first element.</param>
    /// <param name="end">The element behind the last.</param>
    /// <param name="addresses">The addresses of the pass, whose gradients are replaced.</param>
    /// <param name="widestLane">The width of the lanes.</param>
    /// <returns>What is left to do around the rule.</returns>
    public static StepTransforms Transform(
        in TensorJob job,
        in StepTransforms transforms,
        float* scratch,
        nuint start,
        nuint end,
        ref TensorAddresses addresses,
        int widestLane)
    {
        if (!transforms.Gradient.IsLimited)
        {
            return transforms;
        }

        Copy(job, transforms.Gradient, scratch, start, end, widestLane);
        addresses.Gradients = scratch - start;
        return transforms with { Gradient = StepTransforms.None.Gradient, ZeroGradient = false };
    }

    /// <summary>Copies gradients as the rule sees them, but for a coupled decay.</summary>
    public static void Copy(in TensorJob job, in GradientTransform transform, float* values, nuint start, nuint end, int widestLane)
    {
        TensorAddresses copy = job.Addresses;
        copy.Slots.Slot0.Elements = values - start;
        Kernel.Run<LimitRule, ScaledGradient, ReadOnlyParameter, Float32>(
            new LimitRule(transform.Limit), StepTransforms.None with { Gradient = transform }, copy, start, end, widestLane);
    }

    private readonly struct LimitRule(float limit) : IUpdateRule1<LimitRule>
    {
        private readonly float _limit = limit;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<V>(V g, ref V p, ref V copy)
            where V : struct, ILane<V> =>
            copy = V.Max(V.Min(g, V.Splat(_limit)), V.Splat(-_limit));
    }
}
