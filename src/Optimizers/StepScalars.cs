namespace Optimizers;

/// <summary>The scalars of one step of one parameter, from which a rule works out its own, in double.</summary>
/// <param name="Iteration">The number t of this update of this parameter, counted from 1.</param>
/// <param name="LearningRate">The rate η of this step.</param>
/// <param name="WeightDecay">The weight decay λ of the parameter's group, for rules that apply it themselves.</param>
public readonly record struct StepScalars(long Iteration, double LearningRate, double WeightDecay)
{
    /// <summary>1 − βᵗ: what an average that started from 0 with weight β has gathered so far.</summary>
    /// <remarks>By repeated squaring, so that it is the same number on every platform.</remarks>
    public double BiasCorrection(double beta) => 1 - Powers.Of(beta, (ulong)Iteration);
}
