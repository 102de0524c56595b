namespace Optimizers.Training;

/// <summary>Moves a value a fixed fraction of the way to a target, as moving averages do.</summary>
internal static class Approach
{
    /// <summary>
    /// from + share·(to − from). If from equals to, the result is exactly from, also for infinities. The formula is not a
    /// weighted sum, because two rounded weights need not add up to 1: 0.999f and 0.001f would leave a constant 1e-5 off.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V from, V to, V share)
        where V : struct, ILane<V> =>
        V.IfEqual(from, to, from, from + share * (to - from));
}
