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
        Update.Claim();
        _form = options.DecayForm;
        _sign = options.Maximize ? -1 : 1;
        Streams = 2 + Update.Slots.Count;
    }

    public IUpdate Update { get; }

    /// <summary>The number of buffers that an update reads.</summary>
    public int Streams { get; }

    /// <summary>The rate of the step.</summary>
    public double LearningRate { get; private set; }

    /// <summary>The weight decay of the step.</summary>
    public double WeightDecay { get; private set; }

    /// <summary>What happens around the rule in the step.</summary>
    public ref readonly Treatment Treatment => ref _treatment;

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
            AtRest: (float)learningRate == 0);
    }

    /// <summary>Has the rule see gradients multiplied by a factor in this step.</summary>
    public void ScaleGradients(float factor) =>
        _treatment = _treatment with { GradientScale = _treatment.GradientScale * factor };

    /// <summary>Adds the next update of one tensor, whose values and gradients are pinned, to the work of the step.</summary>
    public unsafe void AddTo(
        WorkList work, OptimizerState state, float* parameters, float* gradients, BFloat16* roundedCopy = null)
    {
        int rule = Update.Prepare(checked(state.Iteration + 1), this);
        ref TensorJob job = ref work.Add(this, state.Length);
        job.Rule = rule;
        job.Addresses.Parameters = parameters;
        job.Addresses.Gradients = gradients;
        job.Addresses.RoundedCopy = roundedCopy;
        job.Addresses.Slots = state.Addresses;
        job.Format = state.Format;
        job.Coded = state.Coded;
    }
}
