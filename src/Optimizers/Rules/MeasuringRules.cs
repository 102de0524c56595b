namespace Optimizers.Rules;

/// <summary>A measuring rule with no state slot.</summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IMeasuringRule0<TSelf> : ISteppingRule<TSelf>
    where TSelf : struct, IMeasuringRule0<TSelf>
{
    /// <summary>Computes the two values of each element that are summed, and updates the state if it changes in this
    /// pass.</summary>
    /// <param name="gradient">The gradient, unscaled and clipped, including a coupled decay.</param>
    /// <param name="parameter">The parameter, before a decoupled decay.</param>
    /// <param name="first">The first value.</param>
    /// <param name="second">The second value; a lane of 0 if one sum is enough.</param>
    void Measure<V>(V gradient, V parameter, out V first, out V second)
        where V : struct, ILane<V>;

    /// <summary>Computes the step that is subtracted from the parameter, and updates the state if it changes in this
    /// pass.</summary>
    /// <param name="gradient">The gradient; 0 if the state changes in the measuring pass.</param>
    /// <param name="parameter">The parameter, after a decoupled decay.</param>
    V Step<V>(V gradient, V parameter)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IMeasuringRule<TSelf>.Measure<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index, out V first, out V second)
    {
        rule.Measure(gradient, parameter, out first, out second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V ISteppingRule<TSelf>.Step<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index)
    {
        return rule.Step(gradient, parameter);
    }
}

/// <summary>A measuring rule with one state slot.</summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IMeasuringRule1<TSelf> : ISteppingRule<TSelf>
    where TSelf : struct, IMeasuringRule1<TSelf>
{
    /// <summary>Computes the two values of each element that are summed, and updates the state if it changes in this
    /// pass.</summary>
    /// <param name="gradient">The gradient, unscaled and clipped, including a coupled decay.</param>
    /// <param name="parameter">The parameter, before a decoupled decay.</param>
    /// <param name="slot0">The state slot.</param>
    /// <param name="first">The first value.</param>
    /// <param name="second">The second value; a lane of 0 if one sum is enough.</param>
    void Measure<V>(V gradient, V parameter, ref V slot0, out V first, out V second)
        where V : struct, ILane<V>;

    /// <summary>Computes the step that is subtracted from the parameter, and updates the state if it changes in this
    /// pass.</summary>
    /// <param name="gradient">The gradient; 0 if the state changes in the measuring pass.</param>
    /// <param name="parameter">The parameter, after a decoupled decay.</param>
    /// <param name="slot0">The state slot.</param>
    V Step<V>(V gradient, V parameter, ref V slot0)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IMeasuringRule<TSelf>.Measure<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index, out V first, out V second)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        rule.Measure(gradient, parameter, ref slot0, out first, out second);
        TStorage.Store(slot0, slots.Slot0, slots.DitherSlope, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V ISteppingRule<TSelf>.Step<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V step = rule.Step(gradient, parameter, ref slot0);
        TStorage.Store(slot0, slots.Slot0, slots.DitherSlope, index);
        return step;
    }
}

/// <summary>A measuring rule with two state slots.</summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IMeasuringRule2<TSelf> : ISteppingRule<TSelf>
    where TSelf : struct, IMeasuringRule2<TSelf>
{
    /// <summary>Computes the two values of each element that are summed, and updates the state if it changes in this
    /// pass.</summary>
    /// <param name="gradient">The gradient, unscaled and clipped, including a coupled decay.</param>
    /// <param name="parameter">The parameter, before a decoupled decay.</param>
    /// <param name="slot0">The first state slot.</param>
    /// <param name="slot1">The second state slot.</param>
    /// <param name="first">The first value.</param>
    /// <param name="second">The second value; a lane of 0 if one sum is enough.</param>
    void Measure<V>(V gradient, V parameter, ref V slot0, ref V slot1, out V first, out V second)
        where V : struct, ILane<V>;

    /// <summary>Computes the step that is subtracted from the parameter, and updates the state if it changes in this
    /// pass.</summary>
    /// <param name="gradient">The gradient; 0 if the state changes in the measuring pass.</param>
    /// <param name="parameter">The parameter, after a decoupled decay.</param>
    /// <param name="slot0">The first state slot.</param>
    /// <param name="slot1">The second state slot.</param>
    V Step<V>(V gradient, V parameter, ref V slot0, ref V slot1)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IMeasuringRule<TSelf>.Measure<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index, out V first, out V second)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        rule.Measure(gradient, parameter, ref slot0, ref slot1, out first, out second);
        TStorage.Store(slot0, slots.Slot0, slots.DitherSlope, index);
        TStorage.Store(slot1, slots.Slot1, slots.DitherSlope, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V ISteppingRule<TSelf>.Step<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        V step = rule.Step(gradient, parameter, ref slot0, ref slot1);
        TStorage.Store(slot0, slots.Slot0, slots.DitherSlope, index);
        TStorage.Store(slot1, slots.Slot1, slots.DitherSlope, index);
        return step;
    }
}

/// <summary>A measuring rule with three state slots.</summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IMeasuringRule3<TSelf> : ISteppingRule<TSelf>
    where TSelf : struct, IMeasuringRule3<TSelf>
{
    /// <summary>Computes the two values of each element that are summed, and updates the state if it changes in this
    /// pass.</summary>
    /// <param name="gradient">The gradient, unscaled and clipped, including a coupled decay.</param>
    /// <param name="parameter">The parameter, before a decoupled decay.</param>
    /// <param name="slot0">The first state slot.</param>
    /// <param name="slot1">The second state slot.</param>
    /// <param name="slot2">The third state slot.</param>
    /// <param name="first">The first value.</param>
    /// <param name="second">The second value; a lane of 0 if one sum is enough.</param>
    void Measure<V>(V gradient, V parameter, ref V slot0, ref V slot1, ref V slot2, out V first, out V second)
        where V : struct, ILane<V>;

    /// <summary>Computes the step that is subtracted from the parameter, and updates the state if it changes in this
    /// pass.</summary>
    /// <param name="gradient">The gradient; 0 if the state changes in the measuring pass.</param>
    /// <param name="parameter">The parameter, after a decoupled decay.</param>
    /// <param name="slot0">The first state slot.</param>
    /// <param name="slot1">The second state slot.</param>
    /// <param name="slot2">The third state slot.</param>
    V Step<V>(V gradient, V parameter, ref V slot0, ref V slot1, ref V slot2)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IMeasuringRule<TSelf>.Measure<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index, out V first, out V second)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        V slot2 = TStorage.Load<V>(slots.Slot2, index);
        rule.Measure(gradient, parameter, ref slot0, ref slot1, ref slot2, out first, out second);
        TStorage.Store(slot0, slots.Slot0, slots.DitherSlope, index);
        TStorage.Store(slot1, slots.Slot1, slots.DitherSlope, index);
        TStorage.Store(slot2, slots.Slot2, slots.DitherSlope, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V ISteppingRule<TSelf>.Step<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        V slot2 = TStorage.Load<V>(slots.Slot2, index);
        V step = rule.Step(gradient, parameter, ref slot0, ref slot1, ref slot2);
        TStorage.Store(slot0, slots.Slot0, slots.DitherSlope, index);
        TStorage.Store(slot1, slots.Slot1, slots.DitherSlope, index);
        TStorage.Store(slot2, slots.Slot2, slots.DitherSlope, index);
        return step;
    }
}

/// <summary>A measuring rule with four state slots.</summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IMeasuringRule4<TSelf> : ISteppingRule<TSelf>
    where TSelf : struct, IMeasuringRule4<TSelf>
{
    /// <summary>Computes the two values of each element that are summed, and updates the state if it changes in this
    /// pass.</summary>
    /// <param name="gradient">The gradient, unscaled and clipped, including a coupled decay.</param>
    /// <param name="parameter">The parameter, before a decoupled decay.</param>
    /// <param name="slot0">The first state slot.</param>
    /// <param name="slot1">The second state slot.</param>
    /// <param name="slot2">The third state slot.</param>
    /// <param name="slot3">The fourth state slot.</param>
    /// <param name="first">The first value.</param>
    /// <param name="second">The second value; a lane of 0 if one sum is enough.</param>
    void Measure<V>(V gradient, V parameter, ref V slot0, ref V slot1, ref V slot2, ref V slot3, out V first, out V second)
        where V : struct, ILane<V>;

    /// <summary>Computes the step that is subtracted from the parameter, and updates the state if it changes in this
    /// pass.</summary>
    /// <param name="gradient">The gradient; 0 if the state changes in the measuring pass.</param>
    /// <param name="parameter">The parameter, after a decoupled decay.</param>
    /// <param name="slot0">The first state slot.</param>
    /// <param name="slot1">The second state slot.</param>
    /// <param name="slot2">The third state slot.</param>
    /// <param name="slot3">The fourth state slot.</param>
    V Step<V>(V gradient, V parameter, ref V slot0, ref V slot1, ref V slot2, ref V slot3)
        where V : struct, ILane<V>;

    static int IUpdateRule<TSelf>.SlotCount => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IMeasuringRule<TSelf>.Measure<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index, out V first, out V second)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        V slot2 = TStorage.Load<V>(slots.Slot2, index);
        V slot3 = TStorage.Load<V>(slots.Slot3, index);
        rule.Measure(gradient, parameter, ref slot0, ref slot1, ref slot2, ref slot3, out first, out second);
        TStorage.Store(slot0, slots.Slot0, slots.DitherSlope, index);
        TStorage.Store(slot1, slots.Slot1, slots.DitherSlope, index);
        TStorage.Store(slot2, slots.Slot2, slots.DitherSlope, index);
        TStorage.Store(slot3, slots.Slot3, slots.DitherSlope, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V ISteppingRule<TSelf>.Step<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index)
    {
        V slot0 = TStorage.Load<V>(slots.Slot0, index);
        V slot1 = TStorage.Load<V>(slots.Slot1, index);
        V slot2 = TStorage.Load<V>(slots.Slot2, index);
        V slot3 = TStorage.Load<V>(slots.Slot3, index);
        V step = rule.Step(gradient, parameter, ref slot0, ref slot1, ref slot2, ref slot3);
        TStorage.Store(slot0, slots.Slot0, slots.DitherSlope, index);
        TStorage.Store(slot1, slots.Slot1, slots.DitherSlope, index);
        TStorage.Store(slot2, slots.Slot2, slots.DitherSlope, index);
        TStorage.Store(slot3, slots.Slot3, slots.DitherSlope, index);
        return step;
    }
}
