namespace Optimizers.Tests.LevelThree;

/// <summary>Adam as a user would write it. The declarations of its slots may be right or wrong.</summary>
public sealed record PlainAdamOptions : IOptimizerOptions
{
    public double LearningRate { get; init; } = 0.01;

    /// <summary>Whether the mean is declared as non-negative.</summary>
    public bool First { get; init; }

    /// <summary>Whether the mean of squares is declared as non-negative.</summary>
    public bool Second { get; init; }

    public OptimizerDefinition Define() => OptimizerDefinition.Elementwise(
        step => new PlainAdamRule(step),
        new StateSlot("exp_avg") { NonNegative = First },
        new StateSlot("exp_avg_sq") { NonNegative = Second });
}

internal readonly struct PlainAdamRule(StepScalars step) : IUpdateRule2<PlainAdamRule>
{
    private readonly float _rate = (float)(step.LearningRate / step.BiasCorrection(0.9));
    private readonly float _rootScale = (float)(1 / Math.Sqrt(step.BiasCorrection(0.999)));

    public void Apply<V>(V gradient, ref V parameter, ref V slot0, ref V slot1)
        where V : struct, ILane<V>
    {
        slot0 = 0.9f * slot0 + 0.1f * gradient;
        slot1 = 0.999f * slot1 + 0.001f * gradient * gradient;
        parameter -= _rate * slot0 / (V.Sqrt(slot1) * _rootScale + V.Splat(1e-8f));
    }
}
