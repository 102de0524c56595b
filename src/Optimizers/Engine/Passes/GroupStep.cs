namespace Optimizers.Engine;

/// <summary>
/// The step in progress of one group of tensors: its numbers, and its rules, one for each age that the tensors have. Level 1 is a
/// group of one tensor.
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
                ? $"{options.GetType().Name} cannot update some rows alone, because all others would have to change too"
                : definition.Measures || Matrices is not null ? $"{options.GetType().Name} takes sums over the whole tensor"
                : null;
            SafeMagnitude = options.SafeMagnitude;
        }
    }

    public OptimizerDefinition Definition { get; }

    /// <summary>The work on whole tensors between the passes; null: none.</summary>
    public MatrixWork? Matrices { get; }

    /// <summary>Whether a pass measures before the update.</summary>
    public virtual bool Measures => false;

    /// <summary>Whether a pass counts the signs that agree before the update.</summary>
    public virtual bool Counts => false;

    /// <summary>Whether the state has changed when the update comes, so that the update leaves it.</summary>
    public virtual bool MeasuringChangesState => false;

    /// <summary>Whether the measuring pass is the last that reads the gradient.</summary>
    public virtual bool MeasuringEndsGradient => false;

    /// <summary>Whether the update writes the parameters.</summary>
    public virtual bool WritesParameters => true;

    /// <summary>Whether tensors have scalars of state.</summary>
    public bool HasScalars { get; }

    /// <summary>The number of buffers that an update reads.</summary>
    public int Streams { get; }

    /// <summary>The magnitude up to which nothing that the rule computes can overflow.</summary>
    public double SafeMagnitude { get; }

    /// <summary>The rate of the step.</summary>
    public double LearningRate { get; private set; }

    /// <summary>The weight decay of the step.</summary>
    public double WeightDecay { get; private set; }

    /// <summary>The momentum that a schedule gives to the step; NaN: that of the options.</summary>
    public double ScheduledMomentum { get; private set; } = double.NaN;

    /// <summary>What happens around the rule in the step.</summary>
    public ref readonly StepTransforms Transforms => ref _transforms;

    /// <summary>The steps of an optimizer with certain options, which were checked.</summary>
    public static GroupStep Of(IOptimizerOptions options)
    {
        OptimizerDefinition definition = OptionsCheck.DefinitionOf(options);
        return (options.Cautious ? definition.Cautious()! : definition).NewStep(options);
    }

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

    /// <summary>Begins a pass that is no step of an optimizer: its rule is told a scalar as the rate.</summary>
    public void BeginPass(double scalar)
    {
        LearningRate = scalar;
        _transforms = StepTransforms.None;
    }

    /// <summary>Has the rule see gradients multiplied by a factor, and then limited to a magnitude, in this step.</summary>
    public void Clip(float factor, float limit) =>
        _transforms = _transforms with { Gradient = new GradientTransform(_transforms.Gradient.Scale * factor, limit) };

    /// <summary>Why these options cannot update some rows of a table alone; null if they can.</summary>
    /// <param name="state">The format of the state.</param>
    public string? WhyNotRows(StateFormat state) =>
        _withoutRows is not null ? _withoutRows
        : Definition.Slots.Count > 0 && state != StateFormat.Float32 ? $"state in {state} is not updated by rows, only in {StateFormat.Float32}"
        : null;

    /// <summary>Why a decay cannot act on some rows alone; null if it can.</summary>
    public string? WhyNotRows(double weightDecay) =>
        _form == DecayForm.Coupled && weightDecay != 0
            ? $"a coupled weight decay, which is {weightDecay}, would give a gradient to every row"
            : null;

    /// <summary>The age to which a tensor comes in this step, whose momentum a schedule may set for the first time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TensorAge AgeAfter(OptimizerState state) =>
        After(double.IsNaN(ScheduledMomentum) ? state.Age : WithMomentumProduct(state.Age));

    /// <summary>Forgets the rules of the last step.</summary>
    public abstract void Clear();

    /// <summary>Makes the rule for the next update of a tensor, or finds one that fits.</summary>
    /// <param name="state">The state of the tensor.</param>
    /// <param name="scalars">Its scalars, or those of its group if all tensors have the same.</param>
    /// <returns>The number of the rule.</returns>
    public abstract int AddRule(OptimizerState state, ReadOnlySpan<double> scalars);

    /// <summary>Makes every rule that of the next update, for tensors that have all become one update older.</summary>
    public abstract void Advance();

    /// <summary>The number of the update that a rule is for.</summary>
    public abstract long IterationOf(int rule);

    /// <summary>The scalars of state after the step, for the tensors of a rule.</summary>
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

    /// <summary>Gives a rule its sums, when those of all tensors are stored.</summary>
    public virtual void ApplySums(int rule)
    {
    }

    /// <summary>The sums over a rule's tensor, or over all of its group, once they are stored.</summary>
    public virtual MeasuredSums SumsOf(int rule) => default;

    /// <summary>Counts the elements that will move, in the blocks from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public virtual void Count(in TensorJob job, nuint start, nuint end, BlockSums counts, int widestLane)
    {
    }

    /// <summary>Takes the share of a rule's tensor that will move.</summary>
    public virtual void TakeShare(int rule, double share)
    {
    }

    /// <summary>The age that follows another in this step.</summary>
    protected TensorAge After(TensorAge age) => new(checked(age.Iteration + 1), age.MomentumProduct * _momentumFactor);

    private TensorAge WithMomentumProduct(TensorAge age) => double.IsNaN(age.MomentumProduct)
        ? age with { MomentumProduct = Powers.Of(_optionsMomentum, (ulong)age.Iteration) }
        : age;

    /// <summary>The numbers of a step for tensors that come to an age.</summary>
    protected StepScalars ScalarsOf(TensorAge age) => new(age.Iteration, LearningRate, WeightDecay, ScheduledMomentum, age.MomentumProduct);
}
