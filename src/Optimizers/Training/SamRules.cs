namespace Optimizers.Training;

/// <summary>p·g, whose norm the adaptive form takes.</summary>
internal readonly struct WeighingRule : IUpdateRule1<WeighingRule>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V product)
        where V : struct, ILane<V> =>
        product = p * g;
}

/// <summary>origin ← p, p ← p + rate·g, with g as the distance has it.</summary>
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

/// <summary>The direction of the steepest ascent, by how distance is measured.</summary>
internal interface IDistance
{
    static abstract V Of<V>(V gradient, V parameter)
        where V : struct, ILane<V>;
}

/// <summary>Every element alike.</summary>
internal readonly struct Evenly : IDistance
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V gradient, V parameter)
        where V : struct, ILane<V> =>
        gradient;
}

/// <summary>Relative to the size of each element: p²g.</summary>
internal readonly struct ByWeight : IDistance
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V gradient, V parameter)
        where V : struct, ILane<V> =>
        parameter * parameter * gradient;
}
