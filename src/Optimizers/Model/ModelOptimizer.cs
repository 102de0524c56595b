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
public sealed unsafe class ModelOptimizer : IModelOptimizer, ICheckpointed
{
    private readonly ModelOptimizerOptions _options;
    private readonly GroupRun[] _groups;
    private readonly WorkList _work;
    private readonly ModelPlan _plan;
    private int _stepping;

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
    /// <exception cref="ArgumentException">An argument or an option, named in the message, is not as it should be; or a
    /// parameter matches no group.</exception>
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
        Require.AtLeast(_options.Threads, 0, nameof(options.Threads));
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
        _groups = [.. groups.Select(group => new GroupRun(group))];
        _work = new WorkList(_options.Threads, widestLane);
        _plan = new ModelPlan(parameters, _groups, _work);
        TakeNewParameters();
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <summary>The number of updates so far; the index that schedules are asked for next.</summary>
    public long UpdateCount { get; private set; }

    /// <summary>The groups, in their order.</summary>
    public IReadOnlyList<ParameterGroup> Groups => Array.AsReadOnly(Array.ConvertAll(_groups, run => run.Group));

    /// <summary>The memory that the state of all parameters takes, in bytes.</summary>
    public long StateBytes => _plan.StateBytes;

    /// <summary>The state of a parameter.</summary>
    /// <exception cref="ArgumentException">The parameter is not in the set, or was added since the last step.</exception>
    public OptimizerState StateOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _plan.StateOf(name)
            ?? throw new ArgumentException($"There is no state of a parameter \"{name}\".", nameof(name));
    }

    /// <summary>The rate that the next step will use for a group.</summary>
    /// <exception cref="ArgumentException">The group is not the optimizer's.</exception>
    public double LearningRateOf(ParameterGroup group)
    {
        GroupRun run = Array.Find(_groups, candidate => candidate.Group == group)
            ?? throw new ArgumentException("The group is not one of this optimizer.", nameof(group));
        return RateOf(run.Group);
    }

    /// <summary>Updates every parameter that has a gradient and is not frozen.</summary>
    /// <param name="lossScale">What the loss was multiplied by before its gradients were taken; they are multiplied by its
    /// inverse while they are in registers. Above 0, and its inverse a normal float; default 1.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">A parameter that was added matches no group, or gradients that are to be zeroed
    /// overlap. Nothing has changed then.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A schedule gave a rate, or the loss scale is one, that cannot be used.
    /// Nothing has changed then.</exception>
    /// <exception cref="InvalidOperationException">Another thread is in a step of this optimizer, or the function of a schedule
    /// gave no rate, and nothing has changed; or a rule threw the inner exception while it ran, and the step is
    /// incomplete.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public StepReport Step(double lossScale = 1)
    {
        Require.Scale(lossScale);
        if (Interlocked.Exchange(ref _stepping, 1) != 0)
        {
            throw new InvalidOperationException("This optimizer is in a step already, on another thread.");
        }

        try
        {
            TakeNewParameters();
            double learningRate = TakeRates();
            _plan.Prepare();
            (double norm, double factor) = Clip(lossScale);
            long update = UpdateCount;
            bool applied = _work.Count > 0;
            if (applied)
            {
                _plan.Age();
                UpdateCount = checked(update + 1);
                _work.Apply();
            }

            if (_options.ZeroGradients)
            {
                _plan.ZeroRestingGradients();
            }

            GC.KeepAlive(Parameters);
            return new StepReport(
                update, applied, learningRate, norm, factor, _work.Count, _plan.WithoutGradient, _plan.Frozen);
        }
        finally
        {
            Volatile.Write(ref _stepping, 0);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The optimizer is in a step.</exception>
    public void Describe(CheckpointContents contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        if (Volatile.Read(ref _stepping) != 0)
        {
            throw new InvalidOperationException("This optimizer is in a step, on another thread.");
        }

        TakeNewParameters();
        new ModelContents(_options, Groups, _plan.Members).List(contents, () => UpdateCount, count => UpdateCount = count);
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
            added.Add((parameter, run));
        }

        if (_options.ZeroGradients)
        {
            Parameters.RequireGradientsApart("zeroed", nameof(ModelOptimizerOptions.ZeroGradients));
        }

        _plan.Add(added);
    }

    private double RateOf(ParameterGroup group)
    {
        ILrSchedule? schedule = group.Schedule ?? _options.Schedule;
        double learningRate = (schedule?.At(UpdateCount) ?? group.Options.LearningRate) * group.RateFactor;
        Require.NonNegative(learningRate);
        return learningRate;
    }

    private double TakeRates()
    {
        double first = double.NaN;
        foreach (GroupRun run in _groups)
        {
            double learningRate = RateOf(run.Group);
            run.Prepared.Begin(
                learningRate, run.Group.WeightDecay ?? run.Group.Options.WeightDecay, _options.ZeroGradients);
            if (double.IsNaN(first) && !run.Group.Frozen)
            {
                first = learningRate;
            }
        }

        return first;
    }

    // The norm is taken of the gradients as they stand; the rules see them unscaled and clipped.
    private (double Norm, double Factor) Clip(double lossScale)
    {
        double norm = double.NaN;
        double factor = 1;
        if (_options.Clip is { } clip)
        {
            norm = _work.GradientNorm(clip.NormKind) / lossScale;
            factor = clip.Factor(norm);
        }

        foreach (GroupRun run in _groups)
        {
            run.Prepared.ScaleGradients((float)(factor / lossScale));
        }

        return (norm, factor);
    }
}
