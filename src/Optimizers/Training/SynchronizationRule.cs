namespace Optimizers.Training;

/// <summary>slow ← slow + α(p − slow), p ← slow</summary>
internal readonly struct SynchronizationRule(double stepSize) : IUpdateRule1<SynchronizationRule>
{
    private readonly float _stepSize = (float)stepSize;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V slow)
        where V : struct, ILane<V>
    {
        slow = Approach.Of(slow, p, V.Splat(_stepSize));
        p = slow;
    }
}
