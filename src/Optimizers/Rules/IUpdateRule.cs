namespace Optimizers.Rules;

/// <summary>
/// The formula of one optimizer: a struct that holds the scalars of one step as floats and updates one lane of elements.
/// Implement one of the interfaces with the number of state slots in its name, <see cref="IUpdateRule0{TSelf}"/> to
/// <see cref="IUpdateRule4{TSelf}"/>, instead of this one.
/// </summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IUpdateRule<TSelf>
    where TSelf : struct, IUpdateRule<TSelf>
{
    /// <summary>The number of state slots, 0 to 4.</summary>
    internal static abstract int SlotCount { get; }

    /// <summary>Whether a measuring pass runs before the rule applies.</summary>
    internal static virtual bool Measures => false;

    /// <summary>Reads the state at <paramref name="index"/>, applies the rule and writes the state back.</summary>
    internal static abstract void Update<V, TStorage>(
        ref TSelf rule, V gradient, ref V parameter, in SlotAddresses slots, long index)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage;
}

/// <summary>A rule without state.</summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IUpdateRule0<TSelf> : IUpdateRule<TSelf>
    where TSelf : struct, IUpdateRule0<TSelf>
{
    /// <summary>Updates one lane of parameters from its gradients.</summary>
    void Apply<V>(V gradient, ref V parameter)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IUpdateRule<TSelf>.Update<V, TStorage>(
        ref TSelf rule, V gradient, ref V parameter, in SlotAddresses slots, long index) =>
        rule.Apply(gradient, ref parameter);
}

/// <summary>A rule with one state slot.</summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IUpdateRule1<TSelf> : IUpdateRule<TSelf>
    where TSelf : struct, IUpdateRule1<TSelf>
{
    /// <summary>Updates one lane of parameters and of state from its gradients.</summary>
    void Apply<V>(V gradient, ref V parameter, ref V slot0)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void IUpdateRule<TSelf>.Update<V, TStorage>(
        ref TSelf rule, V gradient, ref V parameter, in SlotAddresses slots, long index)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        rule.Apply(gradient, ref parameter, ref slot0);
        TStorage.Store(slot0, slots.Slot0, slots.DitherSlope, index);
    }
}

/// <summary>A rule with two state slots.</summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IUpdateRule2<TSelf> : IUpdateRule<TSelf>
    where TSelf : struct, IUpdateRule2<TSelf>
{
    /// <summary>Updates one lane of parameters and of state from its gradients.</summary>
    void Apply<V>(V gradient, ref V parameter, ref V slot0, ref V slot1)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void IUpdateRule<TSelf>.Update<V, TStorage>(
        ref TSelf rule, V gradient, ref V parameter, in SlotAddresses slots, long index)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        rule.Apply(gradient, ref parameter, ref slot0, ref slot1);
        TStorage.Store(slot0, slots.Slot0, slots.DitherSlope, index);
        TStorage.Store(slot1, slots.Slot1, slots.DitherSlope, index);
    }
}

/// <summary>A rule with three state slots.</summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IUpdateRule3<TSelf> : IUpdateRule<TSelf>
    where TSelf : struct, IUpdateRule3<TSelf>
{
    /// <summary>Updates one lane of parameters and of state from its gradients.</summary>
    void Apply<V>(V gradient, ref V parameter, ref V slot0, ref V slot1, ref V slot2)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void IUpdateRule<TSelf>.Update<V, TStorage>(
        ref TSelf rule, V gradient, ref V parameter, in SlotAddresses slots, long index)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        V slot2 = TStorage.Load<V>(slots.Slot2, index);
        rule.Apply(gradient, ref parameter, ref slot0, ref slot1, ref slot2);
        TStorage.Store(slot0, slots.Slot0, slots.DitherSlope, index);
        TStorage.Store(slot1, slots.Slot1, slots.DitherSlope, index);
        TStorage.Store(slot2, slots.Slot2, slots.DitherSlope, index);
    }
}

/// <summary>A rule with four state slots.</summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IUpdateRule4<TSelf> : IUpdateRule<TSelf>
    where TSelf : struct, IUpdateRule4<TSelf>
{
    /// <summary>Updates one lane of parameters and of state from its gradients.</summary>
    void Apply<V>(V gradient, ref V parameter, ref V slot0, ref V slot1, ref V slot2, ref V slot3)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void IUpdateRule<TSelf>.Update<V, TStorage>(
        ref TSelf rule, V gradient, ref V parameter, in SlotAddresses slots, long index)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        V slot2 = TStorage.Load<V>(slots.Slot2, index);
        V slot3 = TStorage.Load<V>(slots.Slot3, index);
        rule.Apply(gradient, ref parameter, ref slot0, ref slot1, ref slot2, ref slot3);
        TStorage.Store(slot0, slots.Slot0, slots.DitherSlope, index);
        TStorage.Store(slot1, slots.Slot1, slots.DitherSlope, index);
        TStorage.Store(slot2, slots.Slot2, slots.DitherSlope, index);
        TStorage.Store(slot3, slots.Slot3, slots.DitherSlope, index);
    }
}
