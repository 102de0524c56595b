namespace Optimizers;

/// <summary>
/// The options of one group of tensors made ready for steps: what all tensors of the group share in a step is worked out
/// once. Level 1 is a group of one.
/// </summary>
internal sealed class GroupUpdate
{
    private readonly DecayForm _form;
    private readonly float _sign;
    private Treatment _treatment;

    public GroupUpdate(IOptimizerOptions options)
    {
        Update = options.CreateUpdate();
        _form = options.DecayForm;
        _sign = options.Maximize ? -1 : 1;
    }

    public IUpdate Update { get; }

    /// <summary>The rate of the step.</summary>
    public double LearningRate { get; private set; }

    /// <summary>The weight decay of the step.</summary>
    public double WeightDecay { get; private set; }

    /// <summary>Begins a step.</summary>
    public void Begin(double learningRate, double weightDecay, bool zeroGradients)
    {
        LearningRate = learningRate;
        WeightDecay = weightDecay;
        _treatment = new Treatment(
            GradientScale: _sign,
            ZeroGradient: zeroGradients,
            CoupledDecay: _form == DecayForm.Coupled ? (float)weightDecay : 0,
            ParameterFactor: _form == DecayForm.Decoupled ? (float)(1 - (learningRate * weightDecay)) : 1,
            AtRest: learningRate == 0);
        Update.Begin();
    }

    /// <summary>The next update of one tensor, whose values and gradients are pinned.</summary>
    public unsafe TensorJob JobFor(OptimizerState state, float* parameters, float* gradients)
    {
        long iteration = checked(state.Iteration + 1);
        return new TensorJob
        {
            Update = Update,
            Rule = Update.Prepare(iteration, this),
            Addresses = new TensorAddresses { Parameters = parameters, Gradients = gradients, Slots = state.Addresses },
            Length = (nuint)state.Length,
            Flush = iteration % Update.FlushInterval == 0,
            Treatment = _treatment,
        };
    }
}
