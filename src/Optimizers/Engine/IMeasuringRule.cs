namespace Optimizers;

/// <summary>
/// A rule with two state slots that needs two sums of squares over the tensor: the first pass updates the state and
/// measures, the second applies with state as it then is and does not change it.
/// </summary>
internal interface IMeasuringRule2<TSelf> : IUpdateRule2<TSelf>
    where TSelf : struct, IMeasuringRule2<TSelf>
{
    /// <summary>Updates the state, and gives the two values whose squares are summed over the tensor.</summary>
    void Measure<V>(V gradient, V parameter, ref V slot0, ref V slot1, out V first, out V second)
        where V : struct, ILane<V>;

    /// <summary>The same rule, knowing its sums.</summary>
    TSelf Conclude(double first, double second);
}

/// <summary>
/// The first pass of a measuring rule as a rule of its own, so that the same loop drives it: what it measures goes to
/// scratch in the two slots that the state leaves free.
/// </summary>
internal struct MeasuringPass<TRule>(TRule rule) : IUpdateRule<MeasuringPass<TRule>>
    where TRule : struct, IMeasuringRule2<TRule>
{
    private TRule _rule = rule;

    public static int SlotCount => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Update<V, TStorage>(
        ref MeasuringPass<TRule> pass, V gradient, ref V parameter, in SlotAddresses slots, nuint index)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        pass._rule.Measure(gradient, parameter, ref slot0, ref slot1, out V first, out V second);
        TStorage.Store(slot0, slots.Slot0, index);
        TStorage.Store(slot1, slots.Slot1, index);
        Float32.Store(first, slots.Slot2, index);
        Float32.Store(second, slots.Slot3, index);
    }
}

/// <summary>A storage that the second pass of a measuring rule reads and leaves as it is.</summary>
internal readonly struct ReadOnlyStorage<TStorage> : IStorage
    where TStorage : struct, IStorage
{
    public static bool IsReadOnly => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Load<V>(in SlotAddress slot, nuint index)
        where V : struct, ILane<V> =>
        TStorage.Load<V>(slot, index);

    public static unsafe void Store<V>(V value, in SlotAddress slot, nuint index)
        where V : struct, ILane<V>
    {
    }
}
