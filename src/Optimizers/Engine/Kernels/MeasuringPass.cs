namespace Optimizers.Engine;

/// <summary>
/// The first pass of a measuring rule, as a rule of its own, so that the same loop runs it. Its measurements go to
/// scratch.
/// </summary>
internal struct MeasuringPass<TRule>(TRule rule) : IBlockPass<MeasuringPass<TRule>>
    where TRule : struct, IMeasuringRule<TRule>
{
    private TRule _rule = rule;

    public static int SlotCount => TRule.SlotCount;

    public static bool ChangesState => TRule.MeasuringChangesState;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Update<V, TStorage>(
        ref MeasuringPass<TRule> pass, V gradient, ref V parameter, in SlotAddresses slots, long index)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage
    {
        TRule.Measure<V, TStorage>(ref pass._rule, gradient, parameter, slots, index, out V first, out V second);
        V.Store(first, slots.First + index);
        V.Store(second, slots.Second + index);
    }
}
