namespace Optimizers.Engine;

/// <summary>
/// Any storage, with values so small that they are or would become denormal stored as +0. A moment whose gradient has
/// become zero decays into the denormals and would stay there for ever, where arithmetic is many times slower.
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

/// <summary>For a flush at every update: ten times the smallest normal number.</summary>
internal readonly struct EveryUpdate : IFlushThreshold
{
    public static float Value => 1.2e-37f;
}

/// <summary>
/// For a flush at every sixteenth update of a slot that no update more than halves: 1e-33 · 2⁻¹⁶ is still normal.
/// </summary>
internal readonly struct EverySixteenthUpdate : IFlushThreshold
{
    public const int Interval = 16;

    public static float Value => 1e-33f;
}
