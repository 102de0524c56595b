namespace Optimizers.Engine;

/// <summary>The step of a light rule, whose state is flushed at intervals.</summary>
internal sealed class LightStep<TRule>(LightDefinition<TRule> definition, IOptimizerOptions options)
    : ElementwiseStep<TRule>(definition, options)
    where TRule : struct, IUpdateRule<TRule>
{
    public override void Apply(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
    {
        // The interval was chosen for the momentum of the options. A schedule may set a lower momentum.
        int interval = Definition.FlushInterval;
        if (interval == 1 || !double.IsNaN(ScheduledMomentum))
        {
            base.Apply(job, transforms, start, end, widestLane);
        }
        else
        {
            bool isFlush = (IterationOf(job.Rule) & (interval - 1)) == 0;
            KernelDispatch.ApplyLight(this[job.Rule], job, transforms, isFlush, start, end, widestLane);
        }
    }
}
