namespace Optimizers.Training;

/// <summary>sum ← sum + gradient</summary>
internal readonly struct SumRule : IUpdateRule0<SumRule>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V gradient, ref V sum)
        where V : struct, ILane<V> =>
        sum += gradient;
}
