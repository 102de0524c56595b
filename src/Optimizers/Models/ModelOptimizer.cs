namespace Optimizers;

/// <summary>
/// The optimizer of a whole model: groups of parameters, each with its own optimizer, and clipping, schedules, loss scale and
/// checks of gradients. One <see cref="Step"/> updates all groups in one pass, plus one pass for the norm if gradients are
/// clipped.
/// </summary>
/// <remarks>
/// <para>The results have the same bits as those of an <see cref="Optimizer"/> for each parameter. Between steps, parameters
/// may be added to the set, and groups may be frozen and thawed; the state of the other parameters is kept. Every parameter
/// has its own update count.</para>
/// <para>Use an instance from one thread at a time. A step may run on several threads itself.</para>
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

    /// <summary>Creates an optimizer that treats all parameters alike.</summary>
    /// <param name="parameters">The parameters, at least one.</param>
    /// <param name="optimizer">The hyperparameters for all parameters.</param>
    /// <param name="options">Options such as schedule, clipping and loss scale; null for the defaults.</param>
    /// <exception cref="ArgumentException">An argument or an option is invalid; the message names it.</exception>
    public ModelOptimizer(ParameterSet parameters, IOptimizerOptions optimizer, ModelOptimizerOptions? options = null)
        : this(parameters, [GroupOf(optimizer)], options)
    {
    }

    /// <summary>Creates an optimizer with groups.</summary>
    /// <param name="parameters">The parameters, at least one.</param>
    /// <param name="groups">The groups, at least one; a parameter belongs to the first group that matches it.</param>
    /// <param name="options">Options such as schedule, clipping and loss scale; null for the defaults.</param>
    /// <exception cref="ArgumentException">An argument or an option is invalid (the message names it), or a parameter matches
    /// no group. Or a group has no parameter (see <see cref="ParameterGroup.MayBeEmpty"/>), is listed twice, or belongs to
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
            throw new ArgumentException("The list of groups is empty. Give at least one group; a group without a predicate takes all parameters.", nameof(groups));
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

    /// <summary>The groups, in order.</summary>
    public IReadOnlyList<ParameterGroup> Groups => Array.AsReadOnly(Array.ConvertAll(_groups, run => run.Group));

    /// <summary>The size of the state of all parameters, in bytes.</summary>
    public long StateBytes => _plan.StateBytes;

    string? IRunPart.LostIfNotSaved => UpdateCount == 0
        ? null
        : $"{nameof(ModelOptimizer)} \"{_options.Name}\", another optimizer of the same parameters: its state after {UpdateCount} updates";

    /// <summary>The state of a parameter.</summary>
    /// <exception cref="ArgumentException">The parameter is not in the set, or was added since the last step.</exception>
    public OptimizerState StateOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _plan.Find(name)?.State ?? throw NoStateOf(name);
    }

    /// <summary>The hyperparameters of a parameter's group.</summary>
    /// <exception cref="ArgumentException">The parameter is not in the set, or was added since the last step.</exception>
    public IOptimizerOptions OptionsOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _plan.Find(name)?.Options ?? throw NoStateOf(name);
    }

    /// <summary>
    /// Checks that the signs in the state match the declarations of the slots; use it to test a rule of your own. Call it
    /// after some updates, in any format. Steps do not call it.
    /// </summary>
    /// <returns>
    /// One sentence for each slot that does not match, as in <see cref="OptimizerState.CheckSlots"/>. A slot is checked over all
    /// parameters of a group together.
    /// </returns>
    public IReadOnlyList<string> CheckSlots() =>
        [.. _groups.SelectMany(run => SlotCheck.Of(
            _plan.Members.Where(member => member.Group == run.Group)
                .Select(member => ($" of \"{member.Parameter.Name}\"", member.State))).Select(problem => $"In {run.Title}: {problem}"))];

    /// <summary>The learning rate of a group in the next step.</summary>
    /// <exception cref="ArgumentException">The group does not belong to this optimizer.</exception>
    public double LearningRateOf(ParameterGroup group) => RunOf(group).RateAt(UpdateCount);

    /// <summary>
    /// The largest ‖Δp‖/‖p‖ of the group's parameters in the last update. NaN before the first update, and if
    /// <see cref="ModelOptimizerOptions.MeasureUpdates"/> is not set.
    /// </summary>
    /// <exception cref="ArgumentException">The group does not belong to this optimizer.</exception>
    public double UpdateRatioOf(ParameterGroup group) => RunOf(group).UpdateRatio;

    /// <summary>The momentum or β₁ of a group in the next step; null if its optimizer has none.</summary>
    /// <exception cref="ArgumentException">The group does not belong to this optimizer.</exception>
    public double? MomentumOf(ParameterGroup group)
    {
        ModelGroup run = RunOf(group);
        return run.MomentumAt(UpdateCount) ?? run.Group.Options.SchedulableMomentum;
    }

    /// <summary>The weight decay of a group in the next step.</summary>
    /// <exception cref="ArgumentException">The group does not belong to this optimizer.</exception>
    public double WeightDecayOf(ParameterGroup group) => RunOf(group).DecayAt(UpdateCount);

    /// <summary>Updates every parameter that has a gradient and is not frozen.</summary>
    /// <param name="lossScale">The factor by which the loss was multiplied before the gradients were computed, in addition to
    /// the scale of the <see cref="LossScaler"/>. The step divides the gradients by it, without an extra pass. Default 1.</param>
    /// <returns>A report of the step.</returns>
    /// <exception cref="NonFiniteGradientException">A gradient is NaN or infinite, or would make a parameter or its state NaN
    /// or infinite, and <see cref="ModelOptimizerOptions.NonFinite"/> is <see cref="NonFinitePolicy.Throw"/>, or too many
    /// steps in a row were skipped. Nothing has changed.</exception>
    /// <exception cref="ArgumentException">An added parameter matches no group, or gradients that the step should zero overlap.
    /// Nothing has changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A schedule returned an invalid rate, or the product of the loss scale and
    /// the scale of the <see cref="LossScaler"/> is out of range. Or a rate is above the limit of a decoupled weight decay
    /// (<see cref="WeightDecayException"/>), or a clip returned an invalid factor or limit. Nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">Nothing has changed: another thread is in a step of this optimizer; its
    /// <see cref="LossScaler"/> belongs to another optimizer; the function of a schedule threw or returned no valid rate; or
    /// the predicate of a group or a method of a clip threw. Or the step is incomplete: a rule threw an exception, which is
    /// the inner exception.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public StepReport Step(LossScale lossScale = default)
    {
        _guard.Enter();
        try
        {
            using GradientScope gradients = Parameters.TakeGradients();
            StepReport report = TakeStep(lossScale, UpdateCount);
            Parameters.GradientsUsed();
            return report;
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
    /// Describes the model as a text table. Each parameter has a row with its shape, group and optimizer, the rate and the
    /// decay of the next step, and its state; the totals are below.
    /// </summary>
    /// <returns>Lines that end with \n, in invariant culture.</returns>
    /// <exception cref="ArgumentException">An added parameter matches no group.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A schedule returned an invalid rate or decay.</exception>
    /// <exception cref="InvalidOperationException">The optimizer is in a step, or a function of a schedule or a group
    /// threw.</exception>
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

    /// <summary>Describes the model: its name, the numbers of parameters, groups and updates, the optimizers and the
    /// state.</summary>
    public override string ToString()
    {
        string optimizers = string.Join(", ", _groups.Select(run => TextTable.OptimizerOf(run.Group.Options)).Distinct());
        return $"{Quoted.Name(_options.Name)}: {TextTable.Count(Parameters.Count, "parameter")}, "
            + $"{TextTable.Count(Parameters.ElementCount, "element")} in {TextTable.Count(_groups.Length, "group")} ({optimizers}), "
            + $"{TextTable.Count(UpdateCount, "update")}, {TextTable.Count(StateBytes, "byte")} of state";
    }

    /// <summary>Every parameter with a state, with its group and its state.</summary>
    internal IReadOnlyList<(Parameter Parameter, ParameterGroup Group, OptimizerState State)> Members => _plan.Members;

    IModelOptimizer? IModelOptimizer.Inner => null;

    /// <summary>The options such as schedule, clipping and loss scale.</summary>
    internal ModelOptimizerOptions Options => _options;

    StepReport IModelOptimizer.Flush() => StepReport.WithoutUpdate(StepOutcome.NothingToUpdate, UpdateCount, ScaleOf(default));

    /// <summary>The factor by which a loss was multiplied: the scale of the step times the scale of the loss scaler.</summary>
    internal double ScaleOf(LossScale lossScale) => lossScale.Factor * (_options.LossScaler?.Scale ?? 1);

    /// <summary>Blocks steps while an accumulator holds gradients for the next one; null removes the block.</summary>
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
        RequireGradientsApart();
        double learningRate = TakeRates();
        _plan.Gather();
        _options.LossScaler?.ClaimFor(this);
        _runner.OtherThreads = Parameters.StepThreads;
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

            _plan.CountUpdate();
            UpdateCount = checked(update + 1);
            Parameters.ValuesChanged();
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
            _plan.ZeroGradients(onlyOfResting: outcome == StepOutcome.Applied, _clip.Rewrites);
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

    // Parameters can only be added to a set, at its end.
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
            ModelGroup run = GroupCheck.GroupOf(parameter, _groups, nameof(Groups));
            run.Step.Definition.Matrices?.Check(TensorShape.Of(parameter.Dimensions), $"parameter \"{parameter.Name}\"");
            _clip.Check(parameter);
            CheckTable(parameter, run, nameof(Groups));
            CheckFormat(parameter, run, nameof(Groups));
            added.Add((parameter, run));
        }

        if (_plan.Count == 0)
        {
            GroupCheck.RequireParameters(_groups, added);
        }

        RequireGradientsApart();
        _plan.Add(added);
    }

    // A view may have been pointed at other gradients since the last step.
    private void RequireGradientsApart()
    {
        if (_options.ZeroGradients)
        {
            Parameters.RequireGradientsApart("zeroed", nameof(ModelOptimizerOptions.ZeroGradients));
        }

        if (_clip.Rewrites)
        {
            Parameters.RequireGradientsApart("clipped", nameof(ModelOptimizerOptions.Clip));
        }
    }

    private static void CheckTable(Parameter parameter, ModelGroup run, string argument)
    {
        if (parameter.IsTable && run.Step.WhyNotRows(run.Group.StateFormat) is { } reason)
        {
            throw new ArgumentException(
                $"The table \"{parameter.Name}\" cannot be in {run.Title}: {reason}. Put a group for the table before it, with an optimizer that updates rows and state in {StateFormat.Float32}: "
                + $"{nameof(SparseAdam)}, {nameof(AdaGrad)} or {nameof(Sgd)}.",
                argument);
        }
    }

    // A schedule-free optimizer recovers a point from the parameters and its state, which needs every bit of the parameters.
    private static void CheckFormat(Parameter parameter, ModelGroup run, string argument)
    {
        if (!parameter.HasFloats && run.Group.Options is IScheduleFreeOptions)
        {
            throw new ArgumentException(
                $"The parameter {Quoted.Name(parameter.Name)} has values in {parameter.ValueFormat} without a master copy, and {run.Title} uses a schedule-free optimizer, "
                + $"which computes an average from the exact values. Add the parameter with {nameof(UpdatePrecision)}.{nameof(UpdatePrecision.MasterCopy)}.",
                argument);
        }
    }

    private ModelGroup RunOf(ParameterGroup group) =>
        Array.Find(_groups, candidate => candidate.Group == group)
            ?? throw new ArgumentException($"The group ({group}) does not belong to this optimizer. Use a group from its {nameof(Groups)}.", nameof(group));

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

    // The norm of the scaled gradients, divided by the scale, is the norm of the unscaled gradients.
    private double Measure(double lossScale) =>
        Checks || _clip.Measures ? _runner.GradientNorm(_clip.Norm) / lossScale : double.NaN;

    // The last check that can refuse a step. If the clip has already rewritten gradients, they are restored.
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

    // The divisor is the scale times the number of micro-batches. A scaler that has grown to its limit can therefore exceed the limit
    // when there are more micro-batches. If the scale can still fall, the step is skipped like one with an overflow.
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

    // A scale that is too large should not throw; the scaler lowers it for the next step.
    private void Skip(bool canDivide, Overflow? overflow)
    {
        bool tolerated = _options.NonFinite != NonFinitePolicy.Throw || _options.LossScaler is { CanBackOff: true };
        if (canDivide && (!tolerated || _consecutiveSkips == _options.MaximumConsecutiveSkips))
        {
            (int job, int index) = overflow is null ? _runner.FindNonFinite() : (overflow.Job, overflow.Element);
            Parameter parameter = _plan.Participants[job];
            (int place, float value) = parameter.GradientAt(index);
            int skips = tolerated ? _consecutiveSkips : 0;
            throw new NonFiniteGradientException(parameter.Name, place, value, skips, overflow?.What, parameter.ValueAt(place));
        }

        _consecutiveSkips++;
        _skips++;
    }

    // MaxNumber ignores NaN, which stands for a missing ratio.
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
