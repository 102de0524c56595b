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
    private readonly GroupRun[] _groups;
    private readonly WorkList _work;
    private readonly ModelPlan _plan;
    private StepGuard _guard;
    private int _consecutiveSkips;
    private long _skips;

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
            throw new ArgumentException("The set has no parameters.", nameof(parameters));
        }

        if (groups.Count == 0)
        {
            throw new ArgumentException("There is no group.", nameof(groups));
        }

        foreach (ParameterGroup group in groups)
        {
            ArgumentNullException.ThrowIfNull(group, nameof(groups));
        }

        Parameters = parameters;
        _groups = [.. groups.Select((group, index) => new GroupRun(group, index))];
        GroupCheck.RequireOwn(_groups, parameters);
        _work = new WorkList(_options.Threads, widestLane);
        _plan = new ModelPlan(parameters, _groups, _work);
        TakeNewParameters();
        foreach (ParameterGroup group in groups)
        {
            group.Model = parameters;
        }

        parameters.Attach(this);
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
        return _plan.Find(name)?.State
            ?? throw new ArgumentException($"There is no state of a parameter \"{name}\".", nameof(name));
    }

    /// <summary>The hyperparameters that a parameter is updated with: those of its group.</summary>
    /// <exception cref="ArgumentException">The parameter is not in the set, or was added since the last step.</exception>
    public IOptimizerOptions OptionsOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _plan.Find(name)?.Options
            ?? throw new ArgumentException($"There is no state of a parameter \"{name}\".", nameof(name));
    }

    /// <summary>
    /// Compares the signs in the state with what the slots were declared to be: a check of a rule of your own. Call it after some
    /// updates, in any format; steps do nothing for it.
    /// </summary>
    /// <returns>As <see cref="OptimizerState.CheckSlots"/>, but a slot is judged by all parameters of a group together.</returns>
    public IReadOnlyList<string> CheckSlots() =>
        [.. _groups.SelectMany(run => SlotCheck.Of(
            _plan.Members.Where(member => member.Group == run.Group)
                .Select(member => ($" of \"{member.Parameter.Name}\"", member.State))).Select(problem => $"In {run.Label}: {problem}"))];

    /// <summary>The rate that the next step will use for a group.</summary>
    /// <exception cref="ArgumentException">The group is not the optimizer's.</exception>
    public double LearningRateOf(ParameterGroup group) => RateOf(RunOf(group).Group);

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
        GroupRun run = RunOf(group);
        return ScheduledMomentumOf(run.Group) ?? run.Group.Options.SchedulableMomentum;
    }

    /// <summary>The weight decay that the next step will use for a group.</summary>
    /// <exception cref="ArgumentException">The group is not the optimizer's.</exception>
    public double WeightDecayOf(ParameterGroup group) => DecayOf(RunOf(group).Group);

    /// <summary>Updates every parameter that has a gradient and is not frozen.</summary>
    /// <param name="lossScale">What the loss was multiplied by before its gradients were taken, beside the
    /// <see cref="LossScaler"/>'s scale; they are multiplied by its inverse while they are in registers. Above 0, and its inverse
    /// a normal float; default 1.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="NonFiniteGradientException">A gradient is NaN or infinite, and
    /// <see cref="ModelOptimizerOptions.NonFinite"/> is to throw, or too many steps in a row were skipped. Nothing has changed
    /// then.</exception>
    /// <exception cref="ArgumentException">A parameter that was added matches no group, or gradients that are to be zeroed
    /// overlap. Nothing has changed then.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A schedule gave a rate, or the loss scale is one, that cannot be used; or a rate
    /// is above what a decoupled weight decay allows (<see cref="WeightDecayException"/>). Nothing has changed then.</exception>
    /// <exception cref="InvalidOperationException">Another thread is in a step of this optimizer, or the function of a schedule
    /// gave no rate, and nothing has changed; or a rule threw the inner exception while it ran, and the step is
    /// incomplete.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public StepReport Step(double lossScale = 1)
    {
        Require.Scale(lossScale);
        double scale = lossScale * (_options.LossScaler?.Scale ?? 1);
        Require.Scale(scale, nameof(lossScale));
        _guard.Enter();
        try
        {
            return TakeStep(scale, UpdateCount);
        }
        finally
        {
            _guard.Leave();
            GC.KeepAlive(Parameters);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The optimizer is in a step.</exception>
    public void Describe(CheckpointContents contents)
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

        new ModelContents(_options, _groups, _plan.Members).List(
            contents,
            () => UpdateCount,
            count => UpdateCount = count,
            (() => (_skips, _consecutiveSkips), skips => (_skips, _consecutiveSkips) = skips));
        contents.Lists(this);
    }

    /// <summary>Every parameter that has a state, with its group and its state.</summary>
    internal IReadOnlyList<(Parameter Parameter, ParameterGroup Group, OptimizerState State)> Members => _plan.Members;

    private StepReport TakeStep(double lossScale, long update)
    {
        TakeNewParameters();
        double learningRate = TakeRates();
        _plan.Gather();
        double norm = Measure(lossScale);
        StepOutcome outcome = _work.Count == 0 ? StepOutcome.NothingToUpdate
            : double.IsFinite(norm) || !Checks ? StepOutcome.Applied
            : StepOutcome.Skipped;
        double clipFactor = 1;
        double updateRatio = double.NaN;
        if (outcome == StepOutcome.Applied)
        {
            // Some clips write gradients, so a rule that refuses the step has to do it before.
            _plan.PrepareRules();
            clipFactor = Clip(norm, lossScale);
            if (_groups[0].Started is null)
            {
                Array.ForEach(_groups, static run => run.Start());
            }

            _plan.Age();
            UpdateCount = checked(update + 1);
            _work.Apply(_options.MeasureUpdates);
            _plan.TakeScalars();
            updateRatio = TakeUpdateRatios();
            _consecutiveSkips = 0;
        }
        else if (outcome == StepOutcome.Skipped)
        {
            Skip();
        }

        if (_options.ZeroGradients)
        {
            _plan.ZeroGradients(onlyOfResting: outcome == StepOutcome.Applied);
        }

        _options.LossScaler?.Update(outcome);
        var report = new StepReport
        {
            Outcome = outcome,
            Update = update,
            LearningRate = learningRate,
            GradientNorm = norm,
            ClipFactor = clipFactor,
            LossScale = lossScale,
            LargestUpdateRatio = updateRatio,
            Updated = outcome == StepOutcome.Applied ? _work.Count : 0,
            WithoutGradient = _plan.WithoutGradient,
            Frozen = _plan.Frozen,
            ConsecutiveSkips = _consecutiveSkips,
            Skips = _skips,
        };
        if (outcome != StepOutcome.NothingToUpdate)
        {
            StepMeter.Record(_options.Name, report, _groups);
        }

        return report;
    }

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

        var added = new List<(Parameter Parameter, GroupRun Run)>();
        foreach (Parameter parameter in Parameters.Skip(_plan.Count))
        {
            GroupRun run = Array.Find(_groups, candidate => candidate.Group.Where?.Invoke(parameter) ?? true)
                ?? throw new ArgumentException($"The parameter \"{parameter.Name}\" matches no group.", nameof(Groups));
            run.Prepared.Update.Matrices?.Check(TensorShape.Of(parameter.Dimensions), $"parameter \"{parameter.Name}\"");
            _options.Clip?.Check(parameter, nameof(ModelOptimizerOptions.Clip));
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

        if (_options.Clip is { Rewrites: true })
        {
            Parameters.RequireGradientsApart("clipped", nameof(ModelOptimizerOptions.Clip));
            Parameters.RequireNoTables($"clipped by {_options.Clip.GetType().Name}", nameof(ModelOptimizerOptions.Clip));
        }

        _plan.Add(added);
    }

    private static void CheckTable(Parameter parameter, GroupRun run, string argument)
    {
        if (parameter.IsTable && run.Prepared.WhyNotRows(run.Group.StateFormat) is { } reason)
        {
            throw new ArgumentException($"The table \"{parameter.Name}\" is refused: {reason}.", argument);
        }
    }

    private GroupRun RunOf(ParameterGroup group) =>
        Array.Find(_groups, candidate => candidate.Group == group)
            ?? throw new ArgumentException("The group is not one of this optimizer.", nameof(group));

    private double RateOf(ParameterGroup group)
    {
        ILrSchedule? schedule = group.Schedule ?? _options.Schedule;
        double learningRate = (group.TriedRate ?? schedule?.At(UpdateCount) ?? group.Options.LearningRate) * group.RateFactor;
        Require.NonNegative(learningRate);
        return learningRate;
    }

    private double? ScheduledMomentumOf(ParameterGroup group)
    {
        double? momentum = group.MomentumSchedule?.At(UpdateCount);
        Require.Beta(momentum ?? 0, nameof(group.MomentumSchedule));
        return momentum;
    }

    private double DecayOf(ParameterGroup group)
    {
        double decay = group.WeightDecaySchedule?.At(UpdateCount) ?? group.WeightDecay ?? group.Options.WeightDecay;
        Require.NonNegative(decay, nameof(group.WeightDecaySchedule));
        return decay;
    }

    private double TakeRates()
    {
        double first = double.NaN;
        foreach (GroupRun run in _groups)
        {
            double learningRate = RateOf(run.Group);
            double decay = DecayOf(run.Group);
            if (!run.Group.Frozen)
            {
                run.Prepared.RequireDecay(learningRate, decay, run.Label);
            }

            if (run.HasTables && run.Prepared.WhyNotRows(decay) is { } reason)
            {
                throw new ArgumentException($"A group with a table is refused: {reason}.", nameof(ParameterGroup.WeightDecay));
            }

            run.Prepared.Begin(
                learningRate,
                decay,
                _options.ZeroGradients,
                ScheduledMomentumOf(run.Group),
                _options.Clip?.Limit ?? float.PositiveInfinity);
            if (double.IsNaN(first) && !run.Group.Frozen)
            {
                first = learningRate;
            }
        }

        return first;
    }

    private bool Checks => _options.NonFinite != NonFinitePolicy.Propagate || _options.LossScaler is not null;

    // The norm of the gradients as they stand, divided by the scale, is that of the unscaled ones.
    private double Measure(double lossScale) =>
        Checks || _options.Clip is { MeasuresAll: true } or { MeasuresEach: true }
            ? _work.GradientNorm(_options.Clip?.Norm ?? Norm.Euclidean) / lossScale
            : double.NaN;

    // The rules see gradients that are unscaled and clipped, while the buffers keep theirs; but what depends on more than a
    // norm is clipped where it lies.
    private double Clip(double norm, double lossScale)
    {
        double factor = 1;
        double smallest = 1;
        if (_options.Clip is { } clip)
        {
            factor = clip.MeasuresAll ? clip.FactorOfAll(norm) : 1;
            for (int job = 0; clip.MeasuresEach && job < _work.Count; job++)
            {
                double ofTensor = clip.FactorOfEach(_work.GradientNormOf(job) / lossScale);
                _work[job].ClipFactor = (float)ofTensor;
                smallest = Math.Min(smallest, ofTensor);
            }

            if (clip.Rewrites)
            {
                _plan.Rewrite(clip, lossScale);
            }
        }

        foreach (GroupRun run in _groups)
        {
            run.Prepared.ScaleGradients((float)(factor / lossScale));
        }

        return factor * smallest;
    }

    // A scale that is too large is no reason to throw, but to try with a smaller one.
    private void Skip()
    {
        bool tolerated = _options.NonFinite != NonFinitePolicy.Throw || _options.LossScaler is { CanBackOff: true };
        if (!tolerated || _consecutiveSkips == _options.MaximumConsecutiveSkips)
        {
            (int job, int index) = _work.FindNonFinite();
            Parameter parameter = _plan.ParameterOf(job);
            (int place, float value) = parameter.GradientAt(index);
            throw new NonFiniteGradientException(parameter.Name, place, value, tolerated ? _consecutiveSkips : 0);
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

        foreach (GroupRun run in _groups)
        {
            run.UpdateRatio = double.NaN;
            for (int job = 0; job < _work.Count; job++)
            {
                if (_work[job].Group == run.Prepared)
                {
                    run.UpdateRatio = double.MaxNumber(run.UpdateRatio, _work.UpdateRatioOf(job));
                }
            }

            largest = double.MaxNumber(largest, run.UpdateRatio);
        }

        return largest;
    }
}
