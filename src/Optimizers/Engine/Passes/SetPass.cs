namespace Optimizers.Engine;

/// <summary>
/// A pass over tensors that is no step of an optimizer: its reading and writing are types, so that memory that it does not need is
/// not streamed.
/// </summary>
internal sealed class SetPass<TRule, TGradient, TParameter, TStorage>(Func<StepScalars, TRule> rule)
    : RuleStep<TRule>(new ElementwiseDefinition<TRule>((step, _) => rule(step), Slots(), []), options: null)
    where TRule : struct, IUpdateRule<TRule>
    where TGradient : struct, IGradientReading
    where TParameter : struct, IParameterAccess
    where TStorage : struct, IStorage
{
    public override bool WritesParameters => TParameter.Writes;

    public override void Apply(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane) =>
        Kernel.Run<TRule, TGradient, TParameter, TStorage>(this[job.Rule], transforms, job.Addresses, start, end, widestLane);

    // The caller of the pass has their memory.
    private static StateSlot[] Slots() => [.. Enumerable.Range(0, TRule.SlotCount).Select(number => new StateSlot($"auxiliary{number}"))];
}
