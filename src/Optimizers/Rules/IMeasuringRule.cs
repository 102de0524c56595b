namespace Optimizers.Rules;

/// <summary>
/// A rule that needs two sums over its tensor, or over all tensors of its group, before it can apply: one pass measures,
/// a second applies. Implement one of the interfaces that name the number of slots, or this one for a rule around a rule.
/// </summary>
internal interface IMeasuringRule<TSelf> : IUpdateRule<TSelf>
    where TSelf : struct, IMeasuringRule<TSelf>
{
    /// <summary>
    /// Where the state changes. True: as it is measured, and the second pass reads it as it then is and sees no gradient.
    /// False: the first pass leaves it, and the second reads the gradient again.
    /// </summary>
    static abstract bool MeasuringChangesState { get; }

    /// <summary>Whether squares of what is measured are added up, or else the values themselves.</summary>
    static virtual bool SumsSquares => true;

    /// <summary>Whether the sums, and the scalars of state, are those of all tensors of the group that take part.</summary>
    static virtual bool IsOfGroup => false;

    /// <summary>See <see cref="IUpdate.MagnitudeOf"/>; 0 where scalars stay in double.</summary>
    static virtual double MagnitudeOf(ReadOnlySpan<double> scalars) => 0;

    /// <summary>The same rule, for a tensor of a certain shape.</summary>
    static virtual TSelf For(in TSelf rule, in TensorShape shape) => rule;

    /// <summary>Reads the state at <paramref name="index"/>, measures and, if that is so, writes the state back.</summary>
    static abstract void Measure<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, nuint index, out V first, out V second)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage;

    /// <summary>The same rule, knowing its sums. It may change the scalars of state, which count once the step is taken.</summary>
    TSelf Conclude(in MeasuredSums sums, Span<double> scalars);
}

/// <summary>A measuring rule whose second pass takes a step from the parameter, so that it can be made cautious.</summary>
internal interface ISteppingRule<TSelf> : IMeasuringRule<TSelf>
    where TSelf : struct, ISteppingRule<TSelf>
{
    /// <summary>What is taken from the parameter; the state at <paramref name="index"/> is read and, if that is so, written back.</summary>
    static abstract V Step<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, nuint index)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage;

    /// <summary>What a decay of the rule's own leaves of the parameter.</summary>
    static virtual V Kept<V>(in TSelf rule, V parameter)
        where V : struct, ILane<V> =>
        parameter;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IUpdateRule<TSelf>.Update<V, TStorage>(
        ref TSelf rule, V gradient, ref V parameter, in SlotAddresses slots, nuint index)
    {
        V step = TSelf.Step<V, TStorage>(ref rule, gradient, parameter, slots, index);
        parameter = TSelf.Kept(rule, parameter) - step;
    }
}

/// <summary>What a measuring pass found.</summary>
/// <param name="First">The sum over the first measured value.</param>
/// <param name="Second">The sum over the second.</param>
/// <param name="Count">The number of elements that were measured.</param>
internal readonly record struct MeasuredSums(double First, double Second, long Count)
{
    public static MeasuredSums operator +(in MeasuredSums left, in MeasuredSums right) =>
        new(left.First + right.First, left.Second + right.Second, left.Count + right.Count);
}

/// <summary>A measuring rule with one state slot.</summary>
internal interface IMeasuringRule1<TSelf> : ISteppingRule<TSelf>
    where TSelf : struct, IMeasuringRule1<TSelf>
{
    /// <summary>Gives the two values that are summed, and updates the state if that is done now.</summary>
    void Measure<V>(V gradient, V parameter, ref V slot0, out V first, out V second)
        where V : struct, ILane<V>;

    /// <summary>Gives what is taken from the parameter, and updates the state if that is done now.</summary>
    V Step<V>(V gradient, V parameter, ref V slot0)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IMeasuringRule<TSelf>.Measure<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, nuint index, out V first, out V second)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        rule.Measure(gradient, parameter, ref slot0, out first, out second);
        TStorage.Store(slot0, slots.Slot0, slots.Slope, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V ISteppingRule<TSelf>.Step<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, nuint index)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V step = rule.Step(gradient, parameter, ref slot0);
        TStorage.Store(slot0, slots.Slot0, slots.Slope, index);
        return step;
    }
}

/// <summary>A measuring rule with two state slots.</summary>
internal interface IMeasuringRule2<TSelf> : ISteppingRule<TSelf>
    where TSelf : struct, IMeasuringRule2<TSelf>
{
    /// <inheritdoc cref="IMeasuringRule1{TSelf}.Measure{V}"/>
    void Measure<V>(V gradient, V parameter, ref V slot0, ref V slot1, out V first, out V second)
        where V : struct, ILane<V>;

    /// <inheritdoc cref="IMeasuringRule1{TSelf}.Step{V}"/>
    V Step<V>(V gradient, V parameter, ref V slot0, ref V slot1)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IMeasuringRule<TSelf>.Measure<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, nuint index, out V first, out V second)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        rule.Measure(gradient, parameter, ref slot0, ref slot1, out first, out second);
        TStorage.Store(slot0, slots.Slot0, slots.Slope, index);
        TStorage.Store(slot1, slots.Slot1, slots.Slope, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V ISteppingRule<TSelf>.Step<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, nuint index)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        V step = rule.Step(gradient, parameter, ref slot0, ref slot1);
        TStorage.Store(slot0, slots.Slot0, slots.Slope, index);
        TStorage.Store(slot1, slots.Slot1, slots.Slope, index);
        return step;
    }
}

/// <summary>A measuring rule with four state slots.</summary>
internal interface IMeasuringRule4<TSelf> : ISteppingRule<TSelf>
    where TSelf : struct, IMeasuringRule4<TSelf>
{
    /// <inheritdoc cref="IMeasuringRule1{TSelf}.Measure{V}"/>
    void Measure<V>(
        V gradient, V parameter, ref V slot0, ref V slot1, ref V slot2, ref V slot3, out V first, out V second)
        where V : struct, ILane<V>;

    /// <inheritdoc cref="IMeasuringRule1{TSelf}.Step{V}"/>
    V Step<V>(V gradient, V parameter, ref V slot0, ref V slot1, ref V slot2, ref V slot3)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IMeasuringRule<TSelf>.Measure<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, nuint index, out V first, out V second)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        V slot2 = TStorage.Load<V>(slots.Slot2, index);
        V slot3 = TStorage.Load<V>(slots.Slot3, index);
        rule.Measure(gradient, parameter, ref slot0, ref slot1, ref slot2, ref slot3, out first, out second);
        TStorage.Store(slot0, slots.Slot0, slots.Slope, index);
        TStorage.Store(slot1, slots.Slot1, slots.Slope, index);
        TStorage.Store(slot2, slots.Slot2, slots.Slope, index);
        TStorage.Store(slot3, slots.Slot3, slots.Slope, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V ISteppingRule<TSelf>.Step<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, nuint index)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        V slot2 = TStorage.Load<V>(slots.Slot2, index);
        V slot3 = TStorage.Load<V>(slots.Slot3, index);
        V step = rule.Step(gradient, parameter, ref slot0, ref slot1, ref slot2, ref slot3);
        TStorage.Store(slot0, slots.Slot0, slots.Slope, index);
        TStorage.Store(slot1, slots.Slot1, slots.Slope, index);
        TStorage.Store(slot2, slots.Slot2, slots.Slope, index);
        TStorage.Store(slot3, slots.Slot3, slots.Slope, index);
        return step;
    }
}

/// <summary>
/// The first pass of a measuring rule as a rule of its own, so that the same loop drives it; what it measures goes to
/// scratch.
/// </summary>
internal struct MeasuringPass<TRule>(TRule rule) : IUpdateRule<MeasuringPass<TRule>>
    where TRule : struct, IMeasuringRule<TRule>
{
    private TRule _rule = rule;

    public static int SlotCount => TRule.SlotCount;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Update<V, TStorage>(
        ref MeasuringPass<TRule> pass, V gradient, ref V parameter, in SlotAddresses slots, nuint index)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage
    {
        TRule.Measure<V, TStorage>(ref pass._rule, gradient, parameter, slots, index, out V first, out V second);
        V.Store(first, slots.First + index);
        V.Store(second, slots.Second + index);
    }
}

/// <summary>A storage that a pass reads and leaves as it is.</summary>
internal readonly struct ReadOnlyStorage<TStorage> : IStorage
    where TStorage : struct, IStorage
{
    public static bool IsReadOnly => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Load<V>(in SlotAddress slot, nuint index)
        where V : struct, ILane<V> =>
        TStorage.Load<V>(slot, index);

    public static unsafe void Store<V>(V value, in SlotAddress slot, uint slope, nuint index)
        where V : struct, ILane<V>
    {
    }
}
