namespace Optimizers.Engine;

/// <summary>Which elements a cautious update moves, and by how much more than the update itself.</summary>
internal static class Agreement
{
    private const double LeastShare = 1e-3;

    /// <summary>What the moves are multiplied by, where a share of the tensor moves.</summary>
    public static float ScaleOf(double share) => (float)(1 / Math.Max(share, LeastShare));

    /// <summary>A choice for each element: whether neither its move nor its gradient is 0, and their signs differ.</summary>
    /// <remarks>Not by their product, which could vanish where both are small; and in few operations, as the rule itself needs
    /// most of what the compiler inlines.</remarks>
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
