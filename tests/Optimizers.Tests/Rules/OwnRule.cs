namespace Optimizers.Tests.LevelThree;

/// <summary>A rule that uses public API only, as a user would write it. It has four slots and uses every operation.</summary>
public sealed record OwnOptions : IOptimizerOptions
{
    public double LearningRate { get; init; } = 0.01;

    public double WeightDecay { get; init; }

    public DecayForm DecayForm { get; init; } = DecayForm.Decoupled;

    public double Beta { get; init; } = 0.9;

    public void Validate()
    {
        if (!(Beta is >= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(Beta), Beta, "Beta must be at least 0 and less than 1.");
        }
    }

    public OptimizerDefinition Define() => OptimizerDefinition.Elementwise(
        step => new OwnRule(step, Beta),
        new StateSlot("mean"),
        new StateSlot("largest", 1e-3f),
        new StateSlot("smallest", 1),
        new StateSlot("previous"));
}

internal readonly struct OwnRule(StepScalars step, double beta) : IUpdateRule4<OwnRule>
{
    private readonly float _rate = (float)(step.LearningRate / step.BiasCorrection(beta));
    private readonly float _beta = (float)beta;
    private readonly float _gain = (float)(1 - beta);

    public void Apply<V>(V gradient, ref V parameter, ref V slot0, ref V slot1, ref V slot2, ref V slot3)
        where V : struct, ILane<V>
    {
        slot0 = _beta * slot0 + _gain * gradient;
        slot1 = V.Max(slot1, V.Abs(gradient));
        slot2 = V.Min(slot2, V.Pow(V.Abs(gradient), V.Splat(0.3f)));
        V turned = V.IfLess(gradient * slot3, V.Splat(0), V.Splat(0.5f), V.Splat(1));
        V still = V.IfEqual(gradient, slot3, V.Sign(-gradient), V.CopySign(turned, slot0));
        slot3 = gradient;
        parameter -= _rate * still * V.DivideOrZero(V.Abs(slot0) / V.Sqrt(slot1), slot2);
    }

    /// <summary>The same rule for one element, in plain floats.</summary>
    public void Apply(float gradient, ref float parameter, float[] slots)
    {
        slots[0] = _beta * slots[0] + _gain * gradient;
        slots[1] = MathF.Max(slots[1], MathF.Abs(gradient));
        slots[2] = MathF.Min(slots[2], (float)Math.Pow(MathF.Abs(gradient), 0.3f));
        float turned = gradient * slots[3] < 0 ? 0.5f : 1;
        float still = gradient == slots[3] ? MathF.Sign(-gradient) : MathF.CopySign(turned, slots[0]);
        slots[3] = gradient;
        float quotient = slots[2] == 0 ? 0 : MathF.Abs(slots[0]) / MathF.Sqrt(slots[1]) / slots[2];
        parameter -= _rate * still * quotient;
    }
}
