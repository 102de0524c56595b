namespace Optimizers.Engine;

/// <summary>
/// The cautious form of any element-wise rule (Liang et al. 2024, arXiv 2411.16085, algorithm 1): an element moves only if the
/// rule would move it against its gradient. The remaining moves are divided by the share of elements that move.
/// </summary>
/// <remarks>
/// The rule runs on a parameter of 0, so the result is its move: once to count and once to apply. So the rule must not use the
/// parameter. The gradient is the one that the rule gets, including a coupled decay. A decoupled decay acts on every element, as in
/// the authors' code.
/// </remarks>
internal struct CautiousRule<TRule>(TRule rule) : IMeasuringRule<CautiousRule<TRule>>
    where TRule : struct, IUpdateRule<TRule>
{
    private TRule _rule = rule;
    private float _scale;

    public static int SlotCount => TRule.SlotCount;

    public static bool MeasuringChangesState => false;

    public static bool SumsSquares => false;

    public static double MagnitudeOf(ReadOnlySpan<double> scalars) => OverflowGuard.LargestOf(scalars);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Measure<V, TStorage>(
        ref CautiousRule<TRule> cautious, V gradient, V parameter, in SlotAddresses slots, long index, out V first, out V second)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage
    {
        V move = V.Splat(0);
        TRule.Update<V, TStorage>(ref cautious._rule, gradient, ref move, slots, index);
        first = Agreement.IfMovingAgainst(gradient, move, V.Splat(1), V.Splat(0));
        second = V.Splat(0);
    }

    public readonly CautiousRule<TRule> WithSums(in MeasuredSums sums, Span<double> scalars)
    {
        CautiousRule<TRule> summed = this;
        summed._scale = Agreement.ScaleOf(sums.First / sums.Count);
        return summed;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<V, TStorage>(
        ref CautiousRule<TRule> cautious, V gradient, ref V parameter, in SlotAddresses slots, long index)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage
    {
        V move = V.Splat(0);
        TRule.Update<V, TStorage>(ref cautious._rule, gradient, ref move, slots, index);
        parameter = Agreement.IfMovingAgainst(gradient, move, parameter + cautious._scale * move, parameter);
    }
}
