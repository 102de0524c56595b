namespace Optimizers.Training;

/// <summary>a ← a + w·(p − a)</summary>
internal readonly struct AverageRule(double weight) : IUpdateRule1<AverageRule>
{
    private readonly float _weight = (float)weight;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V average)
        where V : struct, ILane<V> =>
        average = Approach.Of(average, p, V.Splat(_weight));
}
