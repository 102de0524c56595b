namespace Optimizers.Engine;

/// <summary>
/// The current step of one group of tensors: its learning rate and other scalars, and its rules. Tensors with the same update history
/// can share a rule. An optimizer of one buffer has a group of one tensor.
/// </summary>
internal abstract class GroupStep
{
    private readonly DecayForm _form;
    private readonly float _sign = 1;
    private readonly double _optionsMomentum = double.NaN;
    private readonly string? _withoutRows;
    private double _momentumFactor;
    private StepTransforms _transforms = StepTransforms.None;

    protected GroupStep(OptimizerDefinition definition, IOptimizerOptions? options)
    {
        Definition = definition;
        Matrices = definition.Matrices?.NewWork();
        Streams = 2 + definition.Slots.Count;
        HasScalars = definition.Scalars.Count > 0;
        if (options is not null)
        {
            _form = options.DecayForm;
            _sign = options.Maximize ? -1 : 1;
            _optionsMomentum = options.SchedulableMomentum ?? double.NaN;
            _withoutRows = !options.TakesRows
                ? $"{options.GetType().Name} cannot update only some rows, because the others would have to change too"
                : definition.Measures || Matrices is not null ? $"{options.GetType().Name} needs sums over the whole tensor"
                : null;
            SafeMagnitude = options.SafeMagnitude;
        }
    }

    public OptimizerDefinition Definition { get; }

    /// <summary>The work on whole tensors between the passes; null if there is none.</summary>
    public MatrixWork? Matrices { get; }

    /// <summary>Whether a pass measures before the update.</summary>
    public virtual bool Measures => false;

    /// <summary>Whether a pass before the update counts the elements that a cautious update moves.</summary>
    public virtual bool Counts => false;

    /// <summary>Whether an earlier pass has already updated the state, so the update does not write it.</summary>
    public virtual bool MeasuringChangesState => false;

    /// <summary>Whether the measuring pass is the last one that reads the gradient.</summary>
    public virtual bool MeasuringEndsGradient => false;

    /// <summary>Whether the update writes the parameters.</summary>
    public virtual bool WritesParameters => true;

    /// <summary>Whether the pass zeroes gradients without a transform that says so.</summary>
    public virtual bool ZeroesGradients => false;

    /// <summary>Whether 16-bit values are rounded to the nearest number. A step rounds them at random.</summary>
    public virtual bool RoundsToNearest => false;

    /// <summary>Whether tensors have state scalars.</summary>
    public bool HasScalars { get; }

    /// <summary>The number of buffers that an update reads.</summary>
    public int Streams { get; }

    /// <summary>The magnitude up to which no computation of the rule can overflow.</summary>
    public double SafeMagnitude { get; }

    /// <summary>The learning rate of the step.</summary>
    public double LearningRate { get; private set; }

    /// <summary>The weight decay of the step.</summary>
    public double WeightDecay { get; private set; }

    /// <summary>The momentum that a schedule sets for the step; NaN if the momentum of the options applies.</summary>
    public double ScheduledMomentum { get; private set; } = double.NaN;

    /// <summary>The operations around the rule in the step.</summary>
    public ref readonly StepTransforms Transforms => ref _transforms;

    /// <summary>Makes the step of an optimizer. Its options must have been checked.</summary>
    public static GroupStep Of(IOptimizerOptions options)
    {
        OptimizerDefinition definition = OptionsCheck.DefinitionOf(options);
        return (options.Cautious ? definition.Cautious()! : definition).NewStep(options);
    }

    /// <summary>Throws if a decoupled decay would change the signs of parameters.</summary>
    /// <param name="learningRate">The learning rate of the step.</param>
    /// <param name="weightDecay">The weight decay of the step.</param>
    /// <param name="group">The group as text for a message; null for an optimizer of one buffer.</param>
    /// <exception cref="WeightDecayException">The product of rate and decay is above 1.</exception>
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
        double scheduledMomentum = double.NaN)
    {
        LearningRate = learningRate;
        WeightDecay = weightDecay;
        ScheduledMomentum = scheduledMomentum;
        _momentumFactor = double.IsNaN(scheduledMomentum) ? _optionsMomentum : scheduledMomentum;
        _transforms = new StepTransforms(
            new GradientTransform(_sign, float.PositiveInfinity),
            new WeightDecay(
                _form == DecayForm.Coupled ? (float)weightDecay : 0,
                _form == DecayForm.Decoupled ? (float)(1 - (learningRate * weightDecay)) : 1),
            zeroGradients,
            AtRest: (float)learningRate == 0);
    }

    /// <summary>Begins a pass that is not a step of an optimizer. Its rule gets a scalar as the rate.</summary>
    public void BeginPass(double scalar)
    {
        LearningRate = scalar;
        _transforms = StepTransforms.None;
    }

    /// <summary>Makes the rule read gradients that are multiplied by a factor and then limited to a magnitude, in this step.</summary>
    public void Clip(float factor, float limit) =>
        _transforms = _transforms with { Gradient = new GradientTransform(_transforms.Gradient.Scale * factor, limit) };

    /// <summary>The reason why these options cannot update only some rows of a table; null if they can.</summary>
    /// <param name="state">The format of the state.</param>
    public string? WhyNotRows(StateFormat state) =>
        _withoutRows is not null ? _withoutRows
        : Definition.Slots.Count > 0 && state != StateFormat.Float32 ? $"only state in {StateFormat.Float32} can be updated by rows, and this state is in {state}"
        : null;

    /// <summary>The reason why a decay cannot act on only some rows; null if it can.</summary>
    public string? WhyNotRows(double weightDecay) =>
        _form == DecayForm.Coupled && weightDecay != 0
            ? $"the coupled weight decay of {weightDecay} would give a gradient to every row"
            : null;

    /// <summary>The update history of a tensor after this step. A schedule may set its momentum for the first time in this step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public UpdateHistory HistoryAfter(OptimizerState state) => HistoryAfter(state.History);

    /// <summary>The update history after this step of tensors with the given history.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public UpdateHistory HistoryAfter(UpdateHistory history) =>
        After(double.IsNaN(ScheduledMomentum) ? history : WithMomentumProduct(history));

    /// <summary>Removes the rules of the last step.</summary>
    public abstract void Clear();

    /// <summary>Adds the rule for the next update of a tensor, or finds an existing rule that fits.</summary>
    /// <param name="state">The state of the tensor.</param>
    /// <param name="scalars">The state scalars of the tensor, or those of its group if all tensors share them.</param>
    /// <returns>The number of the rule.</returns>
    public abstract int AddRule(OptimizerState state, ReadOnlySpan<double> scalars);

    /// <summary>Replaces every rule by that of the next update, after the updates of all tensors have been counted.</summary>
    public abstract void Advance();

    /// <summary>The number of the update that a rule belongs to.</summary>
    public abstract long IterationOf(int rule);

    /// <summary>The state scalars of a rule's tensors after the step.</summary>
    public abstract ReadOnlySpan<double> ScalarsAfter(int rule);

    /// <summary>Updates parameters and state from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public abstract void Apply(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane);

    /// <summary>Measures the blocks from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public virtual void Measure(in TensorJob job, nuint start, nuint end, BlockSums sums, int widestLane)
    {
    }

    /// <summary>Stores the sums over a rule's tensor.</summary>
    public virtual void StoreSums(int rule, in MeasuredSums sums)
    {
    }

    /// <summary>Gives a rule its sums, after the sums of all tensors have been stored.</summary>
    public virtual void ApplySums(int rule)
    {
    }

    /// <summary>The sums over a rule's tensor, or over its whole group, after they have been stored.</summary>
    public virtual MeasuredSums SumsOf(int rule) => default;

    /// <summary>Counts the elements that a cautious update moves, in the blocks from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public virtual void Count(in TensorJob job, nuint start, nuint end, BlockSums counts, int widestLane)
    {
    }

    /// <summary>Sets the share of elements that a cautious update moves, in the tensor of a rule.</summary>
    public virtual void SetMovingShare(int rule, double share)
    {
    }

    /// <summary>The update history after this step of a tensor with the given history.</summary>
    protected UpdateHistory After(UpdateHistory history) => new(checked(history.Iteration + 1), history.MomentumProduct * _momentumFactor);

    private UpdateHistory WithMomentumProduct(UpdateHistory history) => double.IsNaN(history.MomentumProduct)
        ? history with { MomentumProduct = Powers.Of(_optionsMomentum, (ulong)history.Iteration) }
        : history;

    /// <summary>The scalars of the step for tensors with the given history after it.</summary>
    protected StepScalars ScalarsOf(UpdateHistory history) => new(history.Iteration, LearningRate, WeightDecay, ScheduledMomentum, history.MomentumProduct);
}
