namespace Optimizers;

/// <summary>Checks whether a step with finite gradients would make a parameter of the model or its state infinite or
/// NaN.</summary>
internal sealed class ModelOverflow(ParameterSet parameters, ModelGroup[] groups, ModelPlan plan, TensorBatch batch, int widestLane)
{
    private readonly OverflowGuard _guard = new();
    private int _valuesRevision;

    /// <summary>Checks the step whose rules are prepared. If the step is tried on a copy, its rules are created again.</summary>
    /// <param name="largestGradient">The largest magnitude of a gradient as the rules receive it, or an upper bound of
    /// it.</param>
    /// <returns>The value that would not be finite; null if the step can be applied.</returns>
    public Overflow? Find(double largestGradient)
    {
        if (CannotOverflow(largestGradient))
        {
            return null;
        }

        Overflow? found = TrialStep.Find(batch, widestLane, plan.States());
        _guard.Forget();
        if (found is null)
        {
            plan.MakeRules();
        }

        return found;
    }

    private bool CannotOverflow(double largestGradient)
    {
        double learningRate = 0;
        double decay = 0;
        double safe = plan.LargestStorable;
        bool measures = false;
        foreach (ModelGroup run in groups)
        {
            measures |= run.Step.Measures || run.Step.Transforms.Decay.Coupled != 0;
            learningRate = Math.Max(learningRate, run.Step.LearningRate);
            decay = Math.Max(decay, run.Step.WeightDecay);
            safe = Math.Min(safe, run.Step.SafeMagnitude);
        }

        if (plan.StatesReplaced || _valuesRevision != parameters.ValuesRevision)
        {
            _valuesRevision = parameters.ValuesRevision;
            _guard.Forget();
        }

        var demand = new StepDemand(
            largestGradient, plan.LargestScalar(), learningRate, decay, safe, MeasuresAtIntervals: measures && !plan.HasTables);
        if (_guard.Admits(demand))
        {
            return true;
        }

        _guard.Take(plan.LargestMagnitude());
        return _guard.Admits(demand);
    }
}
