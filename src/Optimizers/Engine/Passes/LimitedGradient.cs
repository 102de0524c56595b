namespace Optimizers.Engine;

/// <summary>Clips gradients element by element in scratch, so that the user's buffer keeps its values.</summary>
internal static unsafe class LimitedGradient
{
    /// <summary>Makes a pass over a piece of a tensor read limited gradients, if there is a limit.</summary>
    /// <param name="job">The tensor.</param>
    /// <param name="transforms">The operations around the rule.</param>
    /// <param name="scratch">Memory for the piece.</param>
    /// <param name="start">The first element.</param>
    /// <param name="end">The end of the range, exclusive.</param>
    /// <param name="addresses">The addresses of the pass. Their gradients are replaced.</param>
    /// <param name="widestLane">The width of the lanes.</param>
    /// <returns>The remaining operations around the rule.</returns>
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

    /// <summary>Copies gradients with all transforms except a coupled decay.</summary>
    public static void Copy(in TensorJob job, in GradientTransform transform, float* values, nuint start, nuint end, int widestLane)
    {
        TensorAddresses copy = job.Addresses;
        if (job.StoredGradients.IsRounded)
        {
            job.StoredGradients.Read(start, end, values, widestLane);
            copy.Gradients = values - start;
        }

        if (job.StoredValues.IsRounded)
        {
            // The loop reads parameters, although this rule ignores them.
            copy.Parameters = copy.Gradients;
        }

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
