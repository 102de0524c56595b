namespace Optimizers.Training;

/// <summary>The average that moves a share of the way from where it is to a value.</summary>
internal static class Approach
{
    /// <summary>
    /// from + share·(to − from), which stays where it is when it has arrived, at infinity too. Written so and not as a
    /// weighted sum, because two rounded weights need not add up to 1: 0.999f and 0.001f would leave a constant 1e-5 off.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V from, V to, V share)
        where V : struct, ILane<V> =>
        V.IfEqual(from, to, from, from + share * (to - from));
}
