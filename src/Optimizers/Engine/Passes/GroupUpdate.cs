namespace Optimizers.Engine;

/// <summary>
/// The options of one group of tensors made ready for steps: what all tensors of the group share in a step is worked out
/// once. Level 1 is a group of one.
/// </summary>
internal sealed class GroupUpdate
{
    private readonly DecayForm _form;
    private readonly float _sign;
    private readonly double? _momentum;
    private readonly string? _withoutRows;
    private double _factor;
    private Treatment _treatment;

    public GroupUpdate(IOptimizerOptions options)
        : this(UpdateOf(options))
    {
        _form = options.DecayForm;
        _sign = options.Maximize ? -1 : 1;
        _momentum = options.SchedulableMomentum;
        _withoutRows = options.TakesRows ? null : options.GetType().Name;
        SafeMagnitude = options.SafeMagnitude;
    }

    /// <param name="update">What runs as it is: nothing decays and no sign changes.</param>
    public GroupUpdate(IUpdate update)
    {
        Update = update;
        Update.Claim();
        _sign = 1;
        Streams = 2 + Update.Slots.Count;
    }

    public IUpdate Update { get; }

    /// <summary>The number of buffers that an update reads.</summary>
    public int Streams { get; }

    /// <summary>The magnitude up to which nothing that the rule computes can overflow.</summary>
    public double SafeMagnitude { get; }

    /// <summary>The rate of the step.</summary>
    public double LearningRate { get; private set; }

    /// <summary>The weight decay of the step.</summary>
    public double WeightDecay { get; private set; }

    /// <summary>The momentum that a schedule gives to the step; null: that of the options.</summary>
    public double? Momentum { get; private set; }

    /// <summary>What happens around the rule in the step.</summary>
    public ref readonly Treatment Treatment => ref _treatment;

    /// <summary>Checks that a decoupled decay does not change the signs of parameters.</summary>
    /// <param name="learningRate">The rate of the step.</param>
    /// <param name="weightDecay">The decay of the step.</param>
    /// <param name="group">The group as messages name it; null at level 1.</param>
    /// <exception cref="WeightDecayException">It does.</exception>
    public void RequireDecay(double learningRate, double weightDecay, string? group = null)
    {
        if (_form == DecayForm.Decoupled)
        {
            _ = WeightDecayException.FactorOf(learningRate, weightDecay, group);
        }
    }

    /// <summary>Begins a step.</summary>
    public void Begin(
        double learningRate,
        double weightDecay,
        bool zeroGradients,
        double? momentum = null,
        float gradientLimit = float.PositiveInfinity)
    {
        LearningRate = learningRate;
        WeightDecay = weightDecay;
        Momentum = momentum;
        _factor = momentum ?? _momentum ?? double.NaN;
        _treatment = new Treatment(
            GradientScale: _sign,
            GradientLimit: gradientLimit,
            ZeroGradient: zeroGradients,
            CoupledDecay: _form == DecayForm.Coupled ? (float)weightDecay : 0,
            ParameterFactor: _form == DecayForm.Decoupled ? (float)(1 - (learningRate * weightDecay)) : 1,
            AtRest: (float)learningRate == 0);
    }

    /// <summary>Has the rule see gradients multiplied by a factor in this step.</summary>
    public void ScaleGradients(float factor) =>
        _treatment = _treatment with { GradientScale = _treatment.GradientScale * factor };

    /// <summary>How old a tensor is after the step.</summary>
    public TensorAge After(TensorAge age) =>
        new(checked(age.Iteration + 1), age.MomentumProduct * _factor);

    /// <summary>How old a tensor is after the step, whose momentum a schedule may set for the first time.</summary>
    public TensorAge AgeAfter(OptimizerState state)
    {
        TensorAge age = state.Age;
        return After(Momentum is not null && double.IsNaN(age.MomentumProduct)
            ? age with { MomentumProduct = Powers.Of(_momentum!.Value, (ulong)age.Iteration) }
            : age);
    }

    /// <summary>Adds one tensor, whose values and gradients are pinned, to the work of a step.</summary>
    public unsafe void AddTo(
        WorkList work, OptimizerState state, float* parameters, float* gradients, BFloat16* roundedCopy = null) =>
        AddTo(work, state, state.Length, parameters, roundedCopy).Addresses.Gradients = gradients;

    /// <summary>Adds one table, of which some rows have a gradient, to the work of a step.</summary>
    public unsafe void AddTo(
        WorkList work, OptimizerState state, float* parameters, SparseRows rows, BFloat16* roundedCopy = null)
    {
        ref TensorJob job = ref AddTo(work, state, rows.Length, parameters, roundedCopy);
        job.Addresses.Gradients = rows.Address;
        job.Rows = rows;
    }

    /// <summary>Why these options cannot update some rows of a table alone; null if they can.</summary>
    /// <param name="state">The format of the state.</param>
    public string? WhyNotRows(StateFormat state) =>
        _withoutRows is not null ? $"{_withoutRows} cannot update some rows alone, because all others would have to change too"
        : Update.Slots.Count > 0 && state != StateFormat.Float32 ? $"state in {state} is not updated by rows, only in {StateFormat.Float32}"
        : null;

    /// <summary>Why a decay cannot act on some rows alone; null if it can.</summary>
    public string? WhyNotRows(double weightDecay) =>
        _form == DecayForm.Coupled && weightDecay != 0
            ? $"a coupled weight decay, which is {weightDecay}, would give a gradient to every row"
            : null;

    private unsafe ref TensorJob AddTo(
        WorkList work, OptimizerState state, int length, float* parameters, BFloat16* roundedCopy)
    {
        ref TensorJob job = ref work.Add(this, length);
        job.Addresses.Parameters = parameters;
        job.Addresses.RoundedCopy = roundedCopy;
        job.Addresses.Slots = state.Addresses;
        job.Rows = null;
        job.Shape = state.Shape;
        job.Format = state.Format;
        job.Coded = state.Coded;
        return ref job;
    }

    /// <summary>Works out the rule for the next update of a tensor.</summary>
    /// <param name="state">The state of the tensor.</param>
    /// <param name="shared">The state that has the scalars, if those of the group are the same; otherwise null.</param>
    /// <returns>The number of the rule.</returns>
    public int PrepareRule(OptimizerState state, OptimizerState? shared = null)
    {
        return Update.Prepare(AgeAfter(state), state.Shape, (shared ?? state).Scalars, this);
    }

    private static IUpdate UpdateOf(IOptimizerOptions options)
    {
        IUpdate update = options.CreateUpdate();
        return options.Cautious ? update.Cautious()! : update;
    }
}
