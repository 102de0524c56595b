namespace Optimizers.Engine;

/// <summary>
/// A pass over tensors that is not a step of an optimizer. The buffers that it reads and writes are type arguments, so unneeded memory
/// is not streamed.
/// </summary>
internal sealed class SetPass<TRule, TGradient, TParameter, TStorage>(Func<StepScalars, TRule> rule)
    : RuleStep<TRule>(new ElementwiseDefinition<TRule>((step, _) => rule(step), Slots(), []), options: null)
    where TRule : struct, IUpdateRule<TRule>
    where TGradient : struct, IGradientReading
    where TParameter : struct, IParameterAccess
    where TStorage : struct, IStorage
{
    public override bool WritesParameters => TParameter.Writes;

    public override bool ZeroesGradients => TGradient.Zeroes;

    public override bool RoundsToNearest => true;

    public override void Apply(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane) =>
        Kernel.Run<TRule, TGradient, TParameter, TStorage>(this[job.Rule], transforms, job.Addresses, start, end, widestLane);

    // The slots are declarations only: the caller of the pass owns the memory.
    private static StateSlot[] Slots() => [.. Enumerable.Range(0, TRule.SlotCount).Select(number => new StateSlot($"auxiliary{number}"))];
}
