namespace Optimizers;

/// <summary>Makes the job of one tensor in one step; level 1 and level 2 both come through here.</summary>
internal static unsafe class Job
{
    /// <param name="update">The rule and its slots.</param>
    /// <param name="options">What the rule comes from: the form of the decay, and whether to climb.</param>
    /// <param name="scalars">The scalars of the step; the decay in them is the group's.</param>
    /// <param name="state">The state of the tensor.</param>
    /// <param name="parameters">Pinned.</param>
    /// <param name="gradients">Pinned.</param>
    /// <param name="zeroGradients">Whether the gradients are zero afterwards.</param>
    public static TensorJob Of(
        IUpdate update,
        IOptimizerOptions options,
        in StepScalars scalars,
        OptimizerState state,
        float* parameters,
        float* gradients,
        bool zeroGradients = false)
    {
        bool coupled = options.DecayForm == DecayForm.Coupled;
        bool decoupled = options.DecayForm == DecayForm.Decoupled;
        return new TensorJob
        {
            Update = update,
            Rule = update.Prepare(scalars),
            Addresses = new TensorAddresses { Parameters = parameters, Gradients = gradients, Slots = state.Addresses() },
            Length = (nuint)state.Length,
            Flush = scalars.Iteration % update.FlushInterval == 0,
            Treatment = new Treatment(
                GradientScale: options.Maximize ? -1 : 1,
                ZeroGradient: zeroGradients,
                CoupledDecay: coupled ? (float)scalars.WeightDecay : 0,
                ParameterFactor: decoupled ? (float)(1 - (scalars.LearningRate * scalars.WeightDecay)) : 1,
                AtRest: scalars.LearningRate == 0),
        };
    }
}
