namespace Optimizers.Engine;

/// <summary>The step of an element-wise rule.</summary>
internal class ElementwiseStep<TRule>(RuleDefinition<TRule> definition, IOptimizerOptions? options) : RuleStep<TRule>(definition, options)
    where TRule : struct, IUpdateRule<TRule>
{
    public override void Apply(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane) =>
        KernelDispatch.Apply(this[job.Rule], job, transforms, start, end, widestLane);
}
