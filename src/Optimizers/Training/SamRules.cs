namespace Optimizers.Training;

/// <summary>product ← p·g, for the norm of the adaptive form.</summary>
internal readonly struct WeighingRule : IUpdateRule1<WeighingRule>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V product)
        where V : struct, ILane<V> =>
        product = p * g;
}

/// <summary>origin ← p, p ← p + rate·d, where d is the direction that <typeparamref name="TDistance"/> makes of g.</summary>
internal readonly struct AscentRule<TDistance>(double rate) : IUpdateRule1<AscentRule<TDistance>>
    where TDistance : struct, IDistance
{
    private readonly float _rate = (float)rate;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V origin)
        where V : struct, ILane<V>
    {
        origin = p;
        p += _rate * TDistance.Of(g, p);
    }
}

/// <summary>p ← origin</summary>
internal readonly struct ReturnRule : IUpdateRule1<ReturnRule>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V origin)
        where V : struct, ILane<V> =>
        p = origin;
}

/// <summary>The direction of steepest ascent; it depends on how distance is measured.</summary>
internal interface IDistance
{
    static abstract V Of<V>(V gradient, V parameter)
        where V : struct, ILane<V>;
}

/// <summary>Distance that measures every element alike: the direction is g.</summary>
internal readonly struct Evenly : IDistance
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V gradient, V parameter)
        where V : struct, ILane<V> =>
        gradient;
}

/// <summary>Distance relative to the size of each element: the direction is p²g.</summary>
internal readonly struct ByWeight : IDistance
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V gradient, V parameter)
        where V : struct, ILane<V> =>
        parameter * parameter * gradient;
}
