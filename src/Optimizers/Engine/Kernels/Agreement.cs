namespace Optimizers.Engine;

/// <summary>Decides which elements a cautious update moves, and the factor of their moves.</summary>
internal static class Agreement
{
    private const double LeastShare = 1e-3;

    /// <summary>The factor of the moves when the given share of the tensor moves.</summary>
    public static float ScaleOf(double share) => (float)(1 / Math.Max(share, LeastShare));

    /// <summary>
    /// Chooses <paramref name="then"/> where move and gradient are both nonzero and have different signs, and
    /// <paramref name="otherwise"/> elsewhere.
    /// </summary>
    /// <remarks>The test does not use their product, which could underflow to 0 if both are small. It uses few operations, because the
    /// rule itself needs most of what the compiler inlines.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V IfMovingAgainst<V>(V gradient, V move, V then, V otherwise)
        where V : struct, ILane<V>
    {
        V zero = V.Splat(0);
        V one = V.Splat(1);
        V unlessGradientIsZero = V.IfLess(V.CopySign(one, move) * gradient, zero, then, otherwise);
        return V.IfLess(V.CopySign(one, gradient) * move, zero, unlessGradientIsZero, otherwise);
    }
}
