namespace Optimizers.Training;

/// <summary>Exchanges the values of a parameter and its auxiliary tensor.</summary>
internal readonly struct ExchangeRule : IUpdateRule1<ExchangeRule>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V auxiliary)
        where V : struct, ILane<V> =>
        (p, auxiliary) = (auxiliary, p);
}
