namespace Optimizers.Engine;

/// <summary>
/// Any storage, with values that are or would become denormal stored as +0. When a gradient becomes zero, its moment decays into
/// the denormal range and would stay there for ever. Arithmetic with denormal values is many times slower.
/// </summary>
internal readonly struct Flushed<TStorage, TThreshold> : IStorage
    where TStorage : struct, IStorage
    where TThreshold : struct, IFlushThreshold
{
    public static int ElementSize => TStorage.ElementSize;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Load<V>(in SlotAddress slot, long index)
        where V : struct, ILane<V> =>
        TStorage.Load<V>(slot, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store<V>(V value, in SlotAddress slot, uint slope, long index)
        where V : struct, ILane<V> =>
        TStorage.Store(V.IfLess(V.Abs(value), V.Splat(TThreshold.Value), V.Splat(0), value), slot, slope, index);
}

/// <summary>The magnitude below which <see cref="Flushed{TStorage, TThreshold}"/> stores zero.</summary>
internal interface IFlushThreshold
{
    static abstract float Value { get; }
}

/// <summary>Threshold for a flush at every update: ten times the smallest normal number.</summary>
internal readonly struct EveryUpdate : IFlushThreshold
{
    public static float Value => 1.2e-37f;
}

/// <summary>
/// Threshold for a flush at every sixteenth update, for slots that an update divides by at most two: 1e-33 · 2⁻¹⁶ is still normal.
/// </summary>
internal readonly struct EverySixteenthUpdate : IFlushThreshold
{
    public const int Interval = 16;

    public static float Value => 1e-33f;
}
