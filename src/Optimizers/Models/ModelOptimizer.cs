namespace Optimizers;

/// <summary>
/// The optimizer of a whole model: groups of parameters, each with its own optimizer, and what happens around the update.
/// One <see cref="Step"/> updates them all in one pass, after one more for the norm if gradients are clipped.
/// </summary>
/// <remarks>
/// <para>It gives the same bits as an <see cref="Optimizer"/> for each parameter. Parameters may be added to the set, and
/// groups frozen and thawed, between steps; the state of what stays is kept, and every parameter counts its own
/// updates.</para>
/// <para>An instance is used by one thread at a time, and uses several itself.</para>
/// </remarks>
public sealed unsafe class ModelOptimizer : IModelOptimizer, IRunPart
{
    private readonly ModelOptimizerOptions _options;
    private readonly ModelGroup[] _groups;
    private readonly TensorBatch _batch = new();
    private readonly PassRunner _runner;
    private readonly ModelPlan _plan;
    private readonly ModelClip _clip;
    private readonly StepMeter _meter;
    private readonly ModelOverflow _overflow;
    private StepGuard _guard;
    private int _consecutiveSkips;
    private long _skips;
    private GradientAccumulator? _waitsFor;

    /// <summary>Makes an optimizer that treats all parameters alike.</summary>
    /// <param name="parameters">The parameters, at least one.</param>
    /// <param name="optimizer">The hyperparameters of the optimizer for all of them.</param>
    /// <param name="options">What happens around the update; null: nothing.</param>
    /// <exception cref="ArgumentException">An argument or an option, named in the message, is not as it should be.</exception>
    public ModelOptimizer(ParameterSet parameters, IOptimizerOptions optimizer, ModelOptimizerOptions? options = null)
        : this(parameters, [GroupOf(optimizer)], options)
    {
    }

    /// <summary>Makes an optimizer with groups.</summary>
    /// <param name="parameters">The parameters, at least one.</param>
    /// <param name="groups">The groups, at least one; a parameter belongs to the first that matches it.</param>
    /// <param name="options">What happens around the update; null: nothing.</param>
    /// <exception cref="ArgumentException">An argument or an option, named in the message, is not as it should be; a parameter
    /// matches no group; or a group can have no parameter (<see cref="ParameterGroup.MayBeEmpty"/>), is listed twice, or belongs to
    /// another model.</exception>
    public ModelOptimizer(
        ParameterSet parameters, IReadOnlyList<ParameterGroup> groups, ModelOptimizerOptions? options = null)
        : this(parameters, groups, options, widestLane: 0)
    {
    }

    internal ModelOptimizer(
        ParameterSet parameters, IReadOnlyList<ParameterGroup> groups, ModelOptimizerOptions? options, int widestLane)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(groups);
        _options = options ?? new ModelOptimizerOptions();
        _options.Validate();
        if (parameters.Count == 0)
        {
            throw new ArgumentException("The set has no parameters. Add them first.", nameof(parameters));
        }

        if (groups.Count == 0)
        {
            throw new ArgumentException("There is no group. Give at least one, without a predicate for all parameters.", nameof(groups));
        }

        foreach (ParameterGroup group in groups)
        {
            ArgumentNullException.ThrowIfNull(group, nameof(groups));
        }

        Parameters = parameters;
        _groups = [.. groups.Select((group, index) => new ModelGroup(group, index, _options.Schedule))];
        GroupCheck.RequireOwn(_groups, parameters);
        _meter = StepMeter.For(_options.MeterFactory);
        _runner = new PassRunner(_batch, _options.Threads, widestLane);
        _plan = new ModelPlan(parameters, _groups, _batch);
        _overflow = new ModelOverflow(parameters, _groups, _plan, _batch, _runner.WidestLane);
        _clip = new ModelClip(_options.Clip, _batch, _runner, _plan);
        TakeNewParameters();
        foreach (ParameterGroup group in groups)
        {
            group.Model = parameters;
        }

        parameters.Parts.Add(this);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public long UpdateCount { get; private set; }

    /// <summary>The groups, in their order.</summary>
    public IReadOnlyList<ParameterGroup> Groups => Array.AsReadOnly(Array.ConvertAll(_groups, run => run.Group));

    /// <summary>The memory that the state of all parameters takes, in bytes.</summary>
    public long StateBytes => _plan.StateBytes;

    string? IRunPart.LostIfNotSaved => UpdateCount == 0
        ? null
        : $"{nameof(ModelOptimizer)} \"{_options.Name}\", another one of these parameters: its state after {UpdateCount} updates";

    /// <summary>The state of a parameter.</summary>
    /// <exception cref="ArgumentException">The parameter is not in the set, or was added since the last step.</exception>
    public OptimizerState StateOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _plan.Find(name)?.State ?? throw NoStateOf(name);
    }

    /// <summary>The hyperparameters that a parameter is updated with: those of its group.</summary>
    /// <exception cref="ArgumentException">The parameter is not in the set, or was added since the last step.</exception>
    public IOptimizerOptions OptionsOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _plan.Find(name)?.Options ?? throw NoStateOf(name);
    }

    /// <summary>
    /// Compares the signs in the state with what the slots were declared to be: a check of a rule of your own. Call it after some
    /// updates, in any format; steps do nothing for it.
    /// </summary>
    /// <returns>As <see cref="OptimizerState.CheckSlots"/>, but a slot is judged by all parameters of a group together.</returns>
    public IReadOnlyList<string> CheckSlots() =>
        [.. _groups.SelectMany(run => SlotCheck.Of(
            _plan.Members.Where(member => member.Group == run.Group)
                .Select(member => ($" of \"{member.Parameter.Name}\"", member.State))).Select(problem => $"In {run.Title}: {problem}"))];

    /// <summary>The rate that the next step will use for a group.</summary>
    /// <exception cref="ArgumentException">The group is not the optimizer's.</exception>
    public double LearningRateOf(ParameterGroup group) => RunOf(group).RateAt(UpdateCount);

    /// <summary>
    /// The largest ‖Δp‖/‖p‖ of the group's parameters in the last update; NaN unless
    /// <see cref="ModelOptimizerOptions.MeasureUpdates"/> is set, and before the first.
    /// </summary>
    /// <exception cref="ArgumentException">The group is not the optimizer's.</exception>
    public double UpdateRatioOf(ParameterGroup group) => RunOf(group).UpdateRatio;

    /// <summary>The momentum or β₁ that the next step will use for a group; null if its optimizer has none.</summary>
    /// <exception cref="ArgumentException">The group is not the optimizer's.</exception>
    public double? MomentumOf(ParameterGroup group)
    {
        ModelGroup run = RunOf(group);
        return run.MomentumAt(UpdateCount) ?? run.Group.Options.SchedulableMomentum;
    }

    /// <summary>The weight decay that the next step will use for a group.</summary>
    /// <exception cref="ArgumentException">The group is not the optimizer's.</exception>
    public double WeightDecayOf(ParameterGroup group) => RunOf(group).DecayAt(UpdateCount);

    /// <summary>Updates every parameter that has a gradient and is not frozen.</summary>
    /// <param name="lossScale">What the loss was multiplied by before its gradients were taken, beside the
    /// <see cref="LossScaler"/>'s scale; they are multiplied by its inverse while they are in registers. Left out: 1.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="NonFiniteGradientException">A gradient is NaN or infinite, or would make a parameter or its state so, and
    /// <see cref="ModelOptimizerOptions.NonFinite"/> is to throw, or too many steps in a row were skipped. Nothing has changed
    /// then.</exception>
    /// <exception cref="ArgumentException">A parameter that was added matches no group, or gradients that are to be zeroed
    /// overlap. Nothing has changed then.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A schedule gave a rate, or the loss scale and that of the
    /// <see cref="LossScaler"/> make a product, that cannot be used; or a rate is above what a decoupled weight decay allows
    /// (<see cref="WeightDecayException"/>); or a clip gave a factor or a limit that cannot be used. Nothing has changed then.</exception>
    /// <exception cref="InvalidOperationException">Another thread is in a step of this optimizer, its <see cref="LossScaler"/>
    /// belongs to another one, or the function of a schedule gave no rate or threw, or the predicate of a group or a method of a clip
    /// threw, and nothing has changed; or a rule threw the inner exception while it ran, and the step is
    /// incomplete.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public StepReport Step(LossScale lossScale = default)
    {
        _guard.Enter();
        try
        {
            return TakeStep(lossScale, UpdateCount);
        }
        finally
        {
            _guard.Leave();
            GC.KeepAlive(Parameters);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The optimizer is in a step.</exception>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        _guard.Enter();
        try
        {
            TakeNewParameters();
        }
        finally
        {
            _guard.Leave();
        }

        new ModelManifest(_options, _groups, _plan.Members).List(
            contents,
            () => UpdateCount,
            count => UpdateCount = count,
            (() => (_skips, _consecutiveSkips), skips => (_skips, _consecutiveSkips) = skips));
        contents.Lists(this);
    }

    /// <summary>
    /// Describes the model as a table of text: every parameter with its shape, its group, its optimizer, the rate and the decay of the
    /// next step, and its state, and below it the sums.
    /// </summary>
    /// <returns>Lines that end with \n, in invariant culture.</returns>
    /// <exception cref="ArgumentException">A parameter that was added matches no group.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A schedule gave a rate or a decay that cannot be used.</exception>
    /// <exception cref="InvalidOperationException">The optimizer is in a step, or a function of a schedule or a group threw.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public string Describe()
    {
        _guard.Enter();
        try
        {
            TakeNewParameters();
            return ModelDescription.Of(this, _plan);
        }
        finally
        {
            _guard.Leave();
        }
    }

    /// <summary>The name of the model, the number of parameters and groups, their optimizers, the updates and the state.</summary>
    public override string ToString()
    {
        string optimizers = string.Join(", ", _groups.Select(run => TextTable.OptimizerOf(run.Group.Options)).Distinct());
        return $"{Quoted.Name(_options.Name)}: {TextTable.Count(Parameters.Count, "parameter")}, "
            + $"{TextTable.Count(Parameters.ElementCount, "element")} in {TextTable.Count(_groups.Length, "group")} ({optimizers}), "
            + $"{TextTable.Count(UpdateCount, "update")}, {TextTable.Count(StateBytes, "byte")} of state";
    }

    /// <summary>Every parameter that has a state, with its group and its state.</summary>
    internal IReadOnlyList<(Parameter Parameter, ParameterGroup Group, OptimizerState State)> Members => _plan.Members;

    IModelOptimizer? IModelOptimizer.Inner => null;

    /// <summary>What happens around the update.</summary>
    internal ModelOptimizerOptions Options => _options;

    StepReport IModelOptimizer.Flush() => StepReport.WithoutUpdate(StepOutcome.NothingToUpdate, UpdateCount, ScaleOf(default));

    /// <summary>What a loss was multiplied by: the scale of a step beside the scaler's.</summary>
    internal double ScaleOf(LossScale lossScale) => lossScale.Factor * (_options.LossScaler?.Scale ?? 1);

    /// <summary>Refuses steps while an accumulator has gradients for the next one; null: it has none any more.</summary>
    internal void Waits(GradientAccumulator? accumulator) => _waitsFor = accumulator;

    private StepReport TakeStep(LossScale lossScale, long update)
    {
        if (_waitsFor is { } accumulator)
        {
            throw new InvalidOperationException(
                $"A {nameof(GradientAccumulator)} has the gradients of {accumulator.Accumulated} of {accumulator.MicroBatches} micro-batches for the next step. "
                + $"Call its {nameof(Step)}, {nameof(GradientAccumulator.Flush)} or {nameof(GradientAccumulator.Discard)}.");
        }

        TakeNewParameters();
        double learningRate = TakeRates();
        _plan.Gather();
        _options.LossScaler?.ClaimFor(this);
        double scale = ScaleOf(lossScale);
        double divisor = scale * lossScale.MicroBatches;
        bool canDivide = CanDivideBy(divisor, lossScale);
        double norm = Measure(divisor);
        StepOutcome outcome = _batch.Count == 0 ? StepOutcome.NothingToUpdate
            : canDivide && (double.IsFinite(norm) || !Checks) ? StepOutcome.Applied
            : StepOutcome.Skipped;
        double clipFactor = 1;
        double updateRatio = double.NaN;
        Overflow? overflow = null;
        if (outcome == StepOutcome.Applied)
        {
            overflow = Prepare(new ClipStep { Update = update, GradientNorm = norm }, divisor, out clipFactor);
            outcome = overflow is null ? outcome : StepOutcome.Skipped;
        }

        if (outcome == StepOutcome.Applied)
        {
            if (_groups[0].Started is null)
            {
                Array.ForEach(_groups, static run => run.Start());
            }

            _plan.Age();
            UpdateCount = checked(update + 1);
            _runner.Apply(_options.MeasureUpdates);
            _plan.TakeScalars();
            updateRatio = TakeUpdateRatios();
            _consecutiveSkips = 0;
        }
        else if (outcome == StepOutcome.Skipped)
        {
            clipFactor = 1;
            Skip(canDivide, overflow);
        }

        if (_options.ZeroGradients)
        {
            _plan.ZeroGradients(onlyOfResting: outcome == StepOutcome.Applied);
        }

        _options.LossScaler?.Update(outcome, lossScale.Divisor);
        var report = new StepReport
        {
            Outcome = outcome,
            Update = update,
            LearningRate = learningRate,
            GradientNorm = norm,
            ClipFactor = clipFactor,
            LossScale = scale,
            LargestUpdateRatio = updateRatio,
            Updated = outcome == StepOutcome.Applied ? _batch.Count : 0,
            WithoutGradient = _plan.WithoutGradient,
            Frozen = _plan.Frozen,
            ConsecutiveSkips = _consecutiveSkips,
            Skips = _skips,
        };
        if (outcome != StepOutcome.NothingToUpdate)
        {
            _meter.Record(_options.Name, report, _groups);
        }

        return report;
    }

    private ArgumentException NoStateOf(string name) => Parameters.TryGet(name, out _)
        ? new ArgumentException(
            $"The parameter {Quoted.Name(name)} was added to the set after the last step, so it has no state yet. Take a step first.",
            nameof(name))
        : UnknownName.Of("parameter", name, _plan.Members.Select(member => member.Parameter.Name), " in the model");

    private static ParameterGroup GroupOf(IOptimizerOptions optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return new ParameterGroup(optimizer);
    }

    // Parameters are only ever added to a set, at its end.
    private void TakeNewParameters()
    {
        Parameters.Alive(null);
        if (_plan.Count == Parameters.Count)
        {
            return;
        }

        var added = new List<(Parameter Parameter, ModelGroup Run)>();
        foreach (Parameter parameter in Parameters.Skip(_plan.Count))
        {
            ModelGroup run = Array.Find(_groups, candidate => candidate.Has(parameter))
                ?? throw new ArgumentException(
                    $"The parameter {Quoted.Name(parameter.Name)} matches no group. Its shape is {parameter.Shape}. Add a group without "
                    + $"{nameof(ParameterGroup.Where)} at the end, for all that the others leave.",
                    nameof(Groups));
            run.Step.Definition.Matrices?.Check(TensorShape.Of(parameter.Dimensions), $"parameter \"{parameter.Name}\"");
            _clip.Check(parameter);
            CheckTable(parameter, run, nameof(Groups));
            added.Add((parameter, run));
        }

        if (_plan.Count == 0)
        {
            GroupCheck.RequireParameters(_groups, added);
        }

        if (_options.ZeroGradients)
        {
            Parameters.RequireGradientsApart("zeroed", nameof(ModelOptimizerOptions.ZeroGradients));
        }

        if (_clip.Rewrites)
        {
            Parameters.RequireGradientsApart("clipped", nameof(ModelOptimizerOptions.Clip));
        }

        _plan.Add(added);
    }

    private static void CheckTable(Parameter parameter, ModelGroup run, string argument)
    {
        if (parameter.IsTable && run.Step.WhyNotRows(run.Group.StateFormat) is { } reason)
        {
            throw new ArgumentException($"The table \"{parameter.Name}\" cannot be in {run.Title}: {reason}.", argument);
        }
    }

    private ModelGroup RunOf(ParameterGroup group) =>
        Array.Find(_groups, candidate => candidate.Group == group)
            ?? throw new ArgumentException($"The group ({group}) is not one of this optimizer. Take it from its {nameof(Groups)}.", nameof(group));

    private double TakeRates()
    {
        double first = double.NaN;
        foreach (ModelGroup run in _groups)
        {
            run.Begin(UpdateCount, _options.ZeroGradients);
            if (double.IsNaN(first) && !run.Group.Frozen)
            {
                first = run.Step.LearningRate;
            }
        }

        return first;
    }

    private bool Checks => _options.NonFinite != NonFinitePolicy.Propagate || _options.LossScaler is not null;

    // The norm of the gradients as they stand, divided by the scale, is that of the unscaled ones.
    private double Measure(double lossScale) =>
        Checks || _clip.Measures ? _runner.GradientNorm(_clip.Norm) / lossScale : double.NaN;

    // The last that can refuse a step. Gradients that the clip has rewritten by then are put back.
    private Overflow? Prepare(ClipStep step, double divisor, out double clipFactor)
    {
        bool isReady = false;
        try
        {
            ClippedStep clipped = _clip.Ask(step, divisor, Checks);
            clipFactor = clipped.Factor;
            Overflow? overflow = clipped.Overflow;
            if (overflow is null)
            {
                foreach (ModelGroup run in _groups)
                {
                    run.Step.Clip(clipped.Scale, clipped.Limit);
                }

                _plan.MakeRules();
                overflow = Checks ? _overflow.Find(clipped.LargestGradient) : null;
            }

            if (overflow is null)
            {
                _clip.Commit(clipped.Step);
                isReady = true;
            }

            return overflow;
        }
        finally
        {
            if (!isReady)
            {
                _clip.PutBack();
            }
        }
    }

    // A product that is too large is skipped like an overflow where a smaller scale may follow: a scaler that stops growing at
    // one number of micro-batches may be above its limit at another.
    private bool CanDivideBy(double divisor, LossScale lossScale)
    {
        if (Require.IsScale(divisor))
        {
            return true;
        }

        bool mayFall = _options.LossScaler is { CanBackOff: true } || _options.NonFinite == NonFinitePolicy.Skip;
        return divisor > 1 && mayFall && _consecutiveSkips < _options.MaximumConsecutiveSkips
            ? false
            : throw new ArgumentOutOfRangeException(
                nameof(lossScale),
                divisor,
                string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"Gradients cannot be divided by {divisor}: the loss scale of the step is {lossScale.Factor}, that of the {nameof(LossScaler)} {_options.LossScaler?.Scale ?? 1}, and the gradients are those of {lossScale.MicroBatches} micro-batches. The inverse of the product must be a normal float (the product from about 3e-39 to 8.5e37). Give the step another loss scale."));
    }

    // A scale that is too large is no reason to throw, but to try with a smaller one.
    private void Skip(bool canDivide, Overflow? overflow)
    {
        bool tolerated = _options.NonFinite != NonFinitePolicy.Throw || _options.LossScaler is { CanBackOff: true };
        if (canDivide && (!tolerated || _consecutiveSkips == _options.MaximumConsecutiveSkips))
        {
            (int job, int index) = overflow is null ? _runner.FindNonFinite() : (overflow.Job, overflow.Element);
            Parameter parameter = _plan.Participants[job];
            (int place, float value) = parameter.GradientAt(index);
            int skips = tolerated ? _consecutiveSkips : 0;
            throw new NonFiniteGradientException(parameter.Name, place, value, skips, overflow?.What, parameter.Values[place]);
        }

        _consecutiveSkips++;
        _skips++;
    }

    // To the larger number, NaN is no number.
    private double TakeUpdateRatios()
    {
        double largest = double.NaN;
        if (!_options.MeasureUpdates)
        {
            return largest;
        }

        foreach (ModelGroup run in _groups)
        {
            run.UpdateRatio = double.NaN;
            for (int job = 0; job < _batch.Count; job++)
            {
                if (_batch[job].Group == run.Step)
                {
                    run.UpdateRatio = double.MaxNumber(run.UpdateRatio, _runner.UpdateRatioOf(job));
                }
            }

            largest = double.MaxNumber(largest, run.UpdateRatio);
        }

        return largest;
    }
}
